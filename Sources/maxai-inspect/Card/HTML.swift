import MaxIR

/// HTML as it is written: text is always escaped, markup is what the program itself says.
struct HTML {
    private(set) var text = ""

    /// Markup of the program's own; never a text from a file.
    mutating func raw(_ markup: StaticString) { text += "\(markup)" }

    mutating func raw(numbers markup: String) { text += markup }

    /// Any text, safe in content and in quoted attributes. Control and direction characters become visible: a name
    /// from a file must not reorder the page around it.
    mutating func escaped(_ string: String) {
        for scalar in string.unicodeScalars {
            switch scalar.value {
            case 0x26: text += "&amp;"
            case 0x3C: text += "&lt;"
            case 0x3E: text += "&gt;"
            case 0x22: text += "&quot;"
            case 0x27: text += "&#39;"
            case 0..<0x20, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF:
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    mutating func element(_ tag: StaticString, _ content: String) {
        text += "<\(tag)>"
        escaped(content)
        text += "</\(tag)>"
    }

    mutating func row(_ cells: [String]) {
        text += "<tr>"
        for cell in cells { element("td", cell) }
        text += "</tr>\n"
    }

    mutating func table(_ head: [String], _ rows: [[String]]) {
        text += "<div class=\"wide\"><table><thead><tr>"
        for cell in head { element("th", cell) }
        text += "</tr></thead><tbody>\n"
        for row in rows { self.row(row) }
        text += "</tbody></table></div>\n"
    }
}
