import MaxIR
import Testing

import MaxTransport

@Suite struct CredentialsTests {
    private func basic(_ json: String, host: String) throws -> String? {
        switch try Credentials.inConfiguration(Array(json.utf8), host: host) {
        case .basic(let pair)?: pair
        case .identityToken(let token)?: "token \(token)"
        case nil: nil
        }
    }

    @Test(arguments: ["h:5000", "https://h:5000", "https://h:5000/v2/", "http://H:5000/"])
    func theServerIsFoundHoweverItIsWritten(key: String) throws {
        #expect(try basic(#"{"auths":{"\#(key)":{"auth":"bWF4YWk6c2VjcmV0"}}}"#, host: "h:5000") == "bWF4YWk6c2VjcmV0")
    }

    @Test func othersAreNotTold() throws {
        let json = #"{"auths":{"h:5000":{"auth":"bWF4YWk6c2VjcmV0"}}}"#
        for host in ["h", "h:5001", "x.h:5000"] { #expect(try basic(json, host: host) == nil) }
        #expect(try basic("{}", host: "h") == nil)
        #expect(try basic(#"{"auths":{"h":{}}}"#, host: "h") == nil)
    }

    @Test func threeForms() throws {
        #expect(try basic(#"{"auths":{"h":{"username":"maxai","password":"secret"}}}"#, host: "h") == "bWF4YWk6c2VjcmV0")
        #expect(try basic(#"{"auths":{"h":{"identitytoken":"t","auth":"bWF4YWk6"}}}"#, host: "h") == "token t")
        let hub = #"{"auths":{"https://index.docker.io/v1/":{"auth":"bWF4YWk6c2VjcmV0"}}}"#
        #expect(try basic(hub, host: "registry-1.docker.io") == "bWF4YWk6c2VjcmV0")
    }

    @Test(arguments: ["!", "bWF4YWk="])
    func damagedPairsAreRefusedWithoutShowingThem(pair: String) {
        let error = #expect(throws: MaxError.self) { try basic(#"{"auths":{"h":{"auth":"\#(pair)"}}}"#, host: "h") }
        #expect(error?.code == .malformed && error?.message.contains(pair) == false)
    }
}
