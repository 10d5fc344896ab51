/// The version that every command prints and every bundle records as its producer.
public let maxaiVersion = "0.1.0"
