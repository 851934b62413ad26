package dev.weft.e2e.machine;

/// What a command has said, and how it ended.
public record Output(int exitCode, String stdout, String stderr) {
    public boolean succeeded() {
        return exitCode == 0;
    }

    /// Standard output of a command that must have succeeded.
    public String orThrow() {
        if (!succeeded()) {
            throw new IllegalStateException(
                    "exit code " + exitCode + ": " + (stderr + stdout).strip());
        }
        return stdout;
    }
}
