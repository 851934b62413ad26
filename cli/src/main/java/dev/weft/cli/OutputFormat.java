package dev.weft.cli;

/// How a command prints.
enum OutputFormat {
    TEXT,
    JSON
}
