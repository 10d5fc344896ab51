import ArgumentParser
import MaxCommand

@main
struct MaxaiScore: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "maxai-score", version: maxaiVersion)
}
