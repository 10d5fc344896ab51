import ArgumentParser
import MaxCommand

@main
struct MaxaiCompile: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "maxai-compile", version: maxaiVersion)
}
