import ArgumentParser
import MaxCommand

@main
struct MaxaiServe: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "maxai-serve", version: maxaiVersion)
}
