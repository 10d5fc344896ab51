import ArgumentParser
import MaxCommand

@main
struct MaxaiRegistry: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "maxai-registry", version: maxaiVersion)
}
