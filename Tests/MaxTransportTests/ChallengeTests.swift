import Testing

import MaxTransport

@Suite struct ChallengeTests {
    @Test func bearerHasItsParameters() {
        let found = Challenge.list(
            #"Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push",error="invalid_token""#)
        #expect(
            found == [
                Challenge(
                    scheme: "bearer",
                    parameters: [
                        "realm": "https://auth.example/token", "service": "registry.example", "scope": "repository:a/b:pull,push",
                        "error": "invalid_token",
                    ])
            ])
    }

    @Test func severalChallengesInOneHeader() {
        let found = Challenge.list(#"Negotiate, BASIC Realm=plain , Bearer realm="a \"b\" c""#)
        #expect(found.map(\.scheme) == ["negotiate", "basic", "bearer"])
        #expect(found.last?.parameters == ["realm": #"a "b" c"#])
        #expect(found.dropFirst().first?.parameters == ["realm": "plain"])
    }

    @Test(arguments: [
        "", " ", ",", "\"", "=", "Bearer realm=\"", "Bearer realm=", "\u{e9}", "Bearer ,,, =x", String(repeating: "a=", count: 9000),
    ])
    func nothingTraps(header: String) {
        for challenge in Challenge.list(header) { #expect(!challenge.scheme.isEmpty) }
    }

    @Test(
        arguments: [
            (#"</v2/m/tags/list?n=2&last=b>; rel="next""#, "/v2/m/tags/list?n=2&last=b"), ("<x>; rel=next", "x"),
            (#"<x>; rel="prev""#, nil), ("x", nil),
            ("<x", nil), ("", nil),
        ] as [(String, String?)])
    func nextLinks(header: String, expected: String?) {
        #expect(OCIRegistry.nextLink(header) == expected)
    }
}
