/// A page as it is written: texts are always escaped, markup is the program's own.
public struct HTMLPage {
    public private(set) var text = ""

    public init() {}

    public mutating func raw(_ markup: StaticString) { text += "\(markup)" }

    /// Markup of the program's own with numbers in it.
    public mutating func number(_ markup: String) { text += markup }

    /// Any text, safe in content and in quoted attributes; control and direction characters become visible.
    public mutating func escaped(_ string: String) {
        for scalar in string.unicodeScalars {
            switch scalar.value {
            case 0x26: text += "&amp;"
            case 0x3c: text += "&lt;"
            case 0x3e: text += "&gt;"
            case 0x22: text += "&quot;"
            case 0x27: text += "&#39;"
            case 0..<0x20, 0x7f...0x9f, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff:
                text += scalar == "\n" ? "\n" : "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    /// The start of a page that asks nothing of any other place: no script, no font, no picture from elsewhere.
    public mutating func begin(title: String) {
        raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
        element("title", title)
        raw(Self.style)
        raw("\n</head>\n<body>\n")
    }

    public mutating func end() { raw("</body>\n</html>\n") }

    /// A link to a place that the program made: no address that came from outside.
    public mutating func link(_ address: String, _ content: String) {
        raw("<a href=\"")
        escaped(address)
        raw("\">")
        escaped(content)
        raw("</a>")
    }

    public mutating func element(_ tag: StaticString, _ content: String) {
        text += "<\(tag)>"
        escaped(content)
        text += "</\(tag)>\n"
    }

    public mutating func table(_ head: [String], _ rows: [[String]]) {
        text += "<div class=\"wide\"><table><thead><tr>"
        for cell in head { element("th", cell) }
        text += "</tr></thead><tbody>\n"
        for row in rows {
            text += "<tr>"
            for cell in row { element("td", cell) }
            text += "</tr>\n"
        }
        text += "</tbody></table></div>\n"
    }

    /// One look for every page that the project writes.
    public static let style: StaticString = """
        <style>
        :root { --ink: #1d2733; --faint: #5f6b7a; --rule: #d9dfe6; --paper: #ffffff; --box: #f4f6f9; --a: #2563a8; --b: #c2571a; --c: #2f855a; --d: #8a4fa3 }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6ebf1; --faint: #9aa7b6; --rule: #37424f; --paper: #161c23; --box: #1f2731; --a: #6fb1f0; --b: #f0a06f; --c: #7fd1a6; --d: #c99be0 }
        }
        body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
        h1 { font-size: 1.7rem; margin-bottom: .2rem } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--rule) }
        .lead { background: var(--box); padding: .9rem 1.1rem; border-radius: .5rem } .lead b { font-size: 1.25rem }
        .plots { display: flex; flex-wrap: wrap; gap: 1rem } figure { margin: 0; flex: 1 1 26rem; max-width: 30rem }
        figcaption { font-weight: 600; font-size: .95rem } svg { width: 100%; height: auto; display: block }
        .wide { overflow-x: auto } table { border-collapse: collapse; font-size: .9rem } th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--rule); vertical-align: top }
        th { color: var(--faint); font-weight: 600 } pre { background: var(--box); padding: .8rem; overflow-x: auto; font-size: .85rem }
        .tick { font-size: 11px; fill: var(--faint) } .label { font-size: 12px; fill: var(--ink) } .end { text-anchor: end } .middle { text-anchor: middle }
        .grid { stroke: var(--rule) } .axis { stroke: var(--faint) } .error { stroke: var(--ink) } .line { fill: none; stroke-width: 2 } .dashed { stroke-dasharray: 5 4; stroke-width: 1.3 }
        .line.s0 { stroke: var(--a) } .line.s1 { stroke: var(--b) } .line.s2 { stroke: var(--c) } .line.s3 { stroke: var(--d) }
        .dot { opacity: .5 } .bar { opacity: .75 } .dot.s0, .bar.s0, span.s0 { fill: var(--a); color: var(--a) } .dot.s1, .bar.s1, span.s1 { fill: var(--b); color: var(--b) }
        .dot.s2, .bar.s2, span.s2 { fill: var(--c); color: var(--c) } .dot.s3, .bar.s3, span.s3 { fill: var(--d); color: var(--d) }
        .legend { font-size: .85rem; margin: .2rem 0; color: var(--faint) } .note { color: var(--faint); font-size: .9rem }
        </style>
        """
}
