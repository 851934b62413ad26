package dev.weft.cli;

import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The top of the `weft` command. Exit codes: 0 what was asked holds, 1 it does not, 2 the call was
/// wrong or the cluster could not be asked.
@Command(
        name = "weft",
        description = "Looks at the Weft service mesh of a cluster.",
        mixinStandardHelpOptions = true,
        versionProvider = BuildVersion.class,
        subcommands = {
            StatusCommand.class,
            VersionCommand.class,
            AutoComplete.GenerateCompletion.class
        })
public final class Weft implements Runnable {
    @Spec CommandSpec spec;

    /// For picocli, which sets [#spec].
    @SuppressWarnings("NullAway.Init")
    public Weft() {}

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "weft: which command?");
    }

    /// @param args the command line
    public static void main(String[] args) {
        System.exit(commandLine(new Weft()).execute(args));
    }

    /// A command line whose errors are one sentence each, for `weft` and for commands that contain
    /// it.
    ///
    /// @param top the top command
    public static CommandLine commandLine(Object top) {
        return new CommandLine(top)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    line.getErr().println(line.getCommandName() + ": " + Failures.told(failure));
                    return CommandLine.ExitCode.USAGE;
                });
    }
}
