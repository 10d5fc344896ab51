extension String {
    /// For XML and HTML, in elements and quoted attributes: control characters made visible, markup as entities.
    ///
    /// By scalars: a combining mark behind `<` makes another `Character` of it, and markup all the same.
    var markup: String {
        var out = ""
        for scalar in printable.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
