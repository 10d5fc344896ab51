import ArgumentParser
import MaxCommand

@main
struct MaxaiInspect: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "maxai-inspect", version: maxaiVersion)
}
