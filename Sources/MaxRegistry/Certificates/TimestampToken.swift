import COpenSSL
import Glibc
import MaxIR

/// RFC 3161: an authority says that some bytes were there at a time.
package enum TimestampToken {
    private static let maximumBytes = 1 << 20

    /// What an authority is asked: SHA-256 of `bytes`, with its certificate in the answer.
    package static func query(_ bytes: [UInt8]) throws(MaxError) -> [UInt8] {
        let failure = MaxError(.internal, "openssl: cannot make a time stamp query")
        guard let request = TS_REQ_new(), let imprint = TS_MSG_IMPRINT_new(), let algorithm = X509_ALGOR_new() else { throw failure }
        defer {
            TS_REQ_free(request)
            TS_MSG_IMPRINT_free(imprint)
            X509_ALGOR_free(algorithm)
        }
        var digest = try ContentHash.sha256.digest { update throws(MaxError) in bytes.withUnsafeBytes { update($0) } }
        X509_ALGOR_set_md(algorithm, EVP_sha256())
        guard TS_REQ_set_version(request, 1) == 1, TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1,
            TS_MSG_IMPRINT_set_msg(imprint, &digest, Int32(digest.count)) == 1, TS_REQ_set_msg_imprint(request, imprint) == 1,
            TS_REQ_set_cert_req(request, 1) == 1
        else { throw failure }
        return DER.write { i2d_TS_REQ(request, $0) }
    }

    /// Whether a response is over `bytes`, by its own words: who made it is not looked at.
    ///
    /// - Throws: `.malformed` unless it is a response that grants a token over SHA-256 or a longer digest.
    package static func isOver(_ bytes: [UInt8], _ response: [UInt8]) throws(MaxError) -> Bool {
        try withResponse(response) { response, info throws(MaxError) in
            guard let message = TS_MSG_IMPRINT_get_msg(TS_TST_INFO_get_msg_imprint(info)) else { return false }
            var digests: [[UInt8]] = []
            for method in [EVP_sha256(), EVP_sha384(), EVP_sha512()] {
                var (out, count) = ([UInt8](repeating: 0, count: 64), UInt32(0))
                if EVP_Digest(bytes, bytes.count, &out, &count, method, nil) == 1 { digests.append(Array(out.prefix(Int(count)))) }
            }
            let found = UnsafeBufferPointer(start: ASN1_STRING_get0_data(message), count: Int(max(0, ASN1_STRING_length(message))))
            return digests.contains { $0.elementsEqual(found) }
        }
    }

    /// The time that a response gives `bytes`.
    ///
    /// - Parameter now: when the authority's certificates must be valid.
    /// - Throws: `.signatureInvalid` for other bytes and a bad signature, `.untrusted` for other authorities and for certificates
    ///   that are not for time stamps, `.expired`, `.malformed`.
    static func verify(_ response: [UInt8], over bytes: [UInt8], anchors: [Certificate], now: Timestamp) throws(MaxError) -> Timestamp {
        guard try isOver(bytes, response) else { throw MaxError(.signatureInvalid, "time stamp: is over other bytes than the signature") }
        return try withResponse(response) { response, info throws(MaxError) in
            guard let context = TS_VERIFY_CTX_new(), let store = X509_STORE_new() else { throw MaxError(.internal, "openssl: no memory") }
            // The context frees what it is given.
            defer { TS_VERIFY_CTX_free(context) }
            TS_VERIFY_CTX_set_store(context, store)
            for anchor in anchors { X509_STORE_add_cert(store, anchor.pointer) }
            let options = X509_STORE_get0_param(store)
            X509_VERIFY_PARAM_set_time(options, time_t(now.seconds))
            X509_VERIFY_PARAM_set_auth_level(options, 2)
            TS_VERIFY_CTX_set_flags(context, Int32(TS_VFY_SIGNATURE | TS_VFY_VERSION | TS_VFY_SIGNER))
            guard TS_RESP_verify_response(context, response) == 1 else { throw failure() }
            var parts = tm()
            guard ASN1_TIME_to_tm(TS_TST_INFO_get_time(info), &parts) == 1, let time = Timestamp(seconds: Int64(timegm(&parts))) else {
                throw MaxError(.malformed, "time stamp: holds no time")
            }
            return time
        }
    }

    private static func failure() -> MaxError {
        var (data, flags) = (UnsafePointer<CChar>?.none, Int32(0))
        let error = ERR_peek_last_error_data(&data, &flags)
        let reason = ERR_reason_error_string(error).map { String(cString: $0) } ?? "refused"
        let detail = flags & ERR_TXT_STRING != 0 ? data.map { String(cString: $0) } ?? "" : ""
        let code: MaxError.Code
        switch ERR_GET_REASON(error) {
        case TS_R_SIGNATURE_FAILURE, TS_R_MESSAGE_IMPRINT_MISMATCH: code = .signatureInvalid
        case TS_R_CERTIFICATE_VERIFY_ERROR: code = detail.contains("has expired") ? .expired : .untrusted
        default: code = .untrusted
        }
        return MaxError(code, "time stamp: \(reason)\(detail.isEmpty ? "" : ": \(detail)")")
    }

    private static func withResponse<Value>(_ bytes: [UInt8], _ body: (OpaquePointer, OpaquePointer) throws(MaxError) -> Value)
        throws(MaxError) -> Value
    {
        guard let response = DER.read(bytes, { d2i_TS_RESP(nil, $0, $1) }, TS_RESP_free) else {
            throw MaxError(.malformed, "time stamp: not a response in DER (RFC 3161)")
        }
        defer {
            TS_RESP_free(response)
            ERR_clear_error()
        }
        guard let info = TS_RESP_get_tst_info(response) else { throw MaxError(.malformed, "time stamp: the response grants no token") }
        return try body(response, info)
    }
}
