import MaxIR
import Testing

import MaxTransport

@Suite struct WebAddressTests {
    @Test func partsAreToldApart() throws {
        let address = try WebAddress("HTTPS://Host.Example:8443/a/b?c=d#fragment")
        #expect(address.scheme == .https && address.host == "host.example" && address.port == 8443 && address.target == "/a/b?c=d")
        #expect(try WebAddress("http://h?x").target == "/?x")
        #expect(try WebAddress("https://h:443/").authority == "h")
        #expect(address.shown == "https://host.example:8443/a/b")
    }

    @Test(arguments: [
        "file:///etc/passwd", "ftp://h/", "http:/h", "http:h", "//h/", "/x", "", "http://", "http:///x", "http://user@h/", "http://u:p@h/",
        "http://h:/", "http://h:99999/", "http://h/a b", "http://h/\r\nX: y", "http://h\\@other/", "http://é/", "http://[::1",
        "gopher://h/",
        "http://[::1]x/",
    ])
    func otherAddressesAreRefused(text: String) {
        let error = #expect(throws: MaxError.self) { try WebAddress(text) }
        #expect(error?.code == .network)
    }

    /// RFC 3986, section 5.4, the cases that servers send.
    @Test(arguments: [
        ("http://other/x", "http://other/x"), ("//other/x", "https://other/x"), ("/x?y", "https://h:5000/x?y"),
        ("?y", "https://h:5000/a/b?y"),
        ("c", "https://h:5000/a/c"), ("c?d:e", "https://h:5000/a/c?d:e"),
    ])
    func locationsAreResolved(location: String, expected: String) throws {
        #expect(try WebAddress("https://h:5000/a/b?q").resolving(location).text == expected)
    }

    @Test(arguments: [
        "localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]", "[::]",
        "[::ffff:127.0.0.1]",
    ])
    func thisMachineIsKnown(host: String) throws {
        #expect(try WebAddress("https://\(host)/").isLoopback)
    }

    @Test(arguments: [
        "169.254.169.254", "169.254.0.1", "0xa9.0xfe.1.1", "2852039166", "[fe80::1]", "[febf::1]", "[::ffff:169.254.1.1]",
        "[fd00:ec2::254]",
    ])
    func linkLocalAddressesAreKnown(host: String) throws {
        #expect(try WebAddress("https://\(host)/").isLinkLocal)
    }

    @Test(arguments: ["example.com", "notlocalhost", "localhost.example", "128.0.0.1", "169.253.1.1", "[2001:db8::1]", "[fec0::1]"])
    func othersAreNeither(host: String) throws {
        let address = try WebAddress("https://\(host)/")
        #expect(!address.isLoopback && !address.isLinkLocal)
    }
}
