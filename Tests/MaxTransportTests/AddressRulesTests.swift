import MaxIR
import Testing

import MaxTransport

@Suite struct AddressRulesTests {
    @Test(
        arguments: [
            ("https://registry.example/", nil), ("http://127.0.0.1/", nil), ("https://169.254.169.254/", nil),
            ("https://cdn.example/", "https://registry.example/"), ("http://localhost/", "http://127.0.0.1:5000/"),
        ] as [(String, String?)])
    func allowed(address: String, origin: String?) throws {
        try AddressRules.check(try WebAddress(address), from: try origin.map { try WebAddress($0) }, plainHTTP: false)
    }

    @Test(
        arguments: [
            ("http://registry.example/", nil), ("http://registry.example/", "https://registry.example/"),
            ("http://127.0.0.1/", "https://registry.example/"), ("https://localhost/", "https://registry.example/"),
            ("https://169.254.169.254/", "https://registry.example/"), ("https://169.254.169.254/", "http://127.0.0.1/"),
        ] as [(String, String?)])
    func refused(address: String, origin: String?) throws {
        let (address, origin) = (try WebAddress(address), try origin.map { try WebAddress($0) })
        let error = #expect(throws: MaxError.self) { try AddressRules.check(address, from: origin, plainHTTP: false) }
        #expect(error?.code == .network)
    }

    @Test func plainHTTPDoesNotAllowADowngrade() throws {
        let (http, https) = (try WebAddress("http://registry.example/"), try WebAddress("https://registry.example/"))
        try AddressRules.check(http, from: nil, plainHTTP: true)
        #expect(throws: MaxError.self) { try AddressRules.check(http, from: https, plainHTTP: true) }
    }

    @Test func aNameIsHeldAgainstTheRulesOnceItIsResolved() throws {
        let (home, away) = (try WebAddress("http://127.0.0.1/"), try WebAddress("https://registry.example/"))
        let other = try WebAddress("https://other.example/")
        #expect(AddressRules.refusals(for: other, from: nil) == 0)
        #expect(AddressRules.refusals(for: away, from: away) == 0)
        #expect(AddressRules.refusals(for: other, from: home) == 1)
        #expect(AddressRules.refusals(for: other, from: away) == 3)
    }
}
