package dev.weft.e2e.cluster;

import dev.weft.e2e.machine.Output;
import dev.weft.e2e.machine.Processes;
import java.util.List;

/// The machine under a cluster, for tests that look from below: packets on a pod's veth, signals to
/// a process.
public interface Node {
    /// The command line that runs a command in the node's network, mount, PID and UTS namespaces;
    /// for a [ProcessBuilder] when the command outlives the call.
    List<String> commandLine(String... command);

    /// Runs a command to its end.
    default Output exec(String... command) {
        return Processes.run(commandLine(command));
    }
}
