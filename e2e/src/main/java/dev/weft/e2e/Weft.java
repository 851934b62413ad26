package dev.weft.e2e;

import dev.weft.e2e.cluster.LocalClusterCommand;
import dev.weft.e2e.demo.DemoCommand;
import dev.weft.e2e.image.ImagesCommand;
import dev.weft.e2e.machine.UnusableException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command that `./weft` of a checkout runs.
@Command(
        name = "weft",
        mixinStandardHelpOptions = true,
        version = "weft 0.2.0",
        description = "Builds, shows and tries the mesh from a checkout.",
        subcommands = {
            HelpCommand.class,
            DemoCommand.class,
            LocalClusterCommand.class,
            ImagesCommand.class
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all went well",
            "1:something failed",
            "2:the command line is wrong",
            "3:this machine or cluster cannot be used as it is"
        })
public final class Weft implements Runnable {
    static final int UNUSABLE = 3;

    @Spec private @Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec != null) {
            throw new ParameterException(
                    spec.commandLine(), "What shall be done? For example: weft demo");
        }
    }

    public static void main(String... arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        var line = new CommandLine(new Weft());
        line.setExecutionExceptionHandler((problem, command, _) -> {
            if (problem instanceof UnusableException) {
                command.getErr().println(problem.getMessage());
                return UNUSABLE;
            }
            problem.printStackTrace(command.getErr());
            return 1;
        });
        return line;
    }
}
