/// What maxai_version says; the commands' `maxaiVersion`.
let libraryVersion = "0.1.0"
