import ArgumentParser
import MaxCommand

@main
struct MaxaiRegistry: ParsableCommand {
    static func main() { runCommand(Self.self) }

    static let configuration = CommandConfiguration(
        commandName: "maxai-registry",
        abstract: "Keys, signatures, and a registry of models that is a directory: verify and promote, provably.",
        discussion: """
            Signatures are those of OpenSSF Model Signing 1.0 (ECDSA on P-256, P-384 or P-521). Inside a bundle they cover
            its whole content; detached they are files that the model_signing tool verifies, and the other way round.

            Examples:
              maxai-registry keygen -o release
              maxai-registry sign churn.maxb --key release.pem
              maxai-registry verify churn.maxb --trust release.pub
              maxai-registry sign model.onnx --key release.pem --detached model.sig
              maxai-registry push fraud.maxb --registry /srv/models --key builder.pem
              maxai-registry promote fraud@1.2 --to prod --policy prod.json --registry /srv/models --key promoter.pem
              maxai-registry verify fraud@prod --registry /srv/models --trust root.json
            """,
        version: maxaiVersion,
        subcommands: [
            KeyGen.self, Sign.self, Verify.self, TimestampCommand.self, Init.self, TrustCommand.self, Push.self, Attest.self, Approve.self,
            Waive.self, Promote.self, Rollback.self, Replay.self, Revoke.self, List.self, Show.self, Diff.self, Pull.self, LogCommand.self,
            Collect.self, Upload.self, Download.self, MLflow.self, Web.self,
        ])
}
