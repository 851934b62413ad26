package dev.weft.proxy.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A control plane whose Service has no endpoints: kube-proxy refuses the SYN by ICMP.
class RefusedDialIT {
    private static final int PORT = 15010;
    private static final String REFUSE =
            """
            ip link set lo up && nft -f - <<RULES && exec "$@"
            table ip refuse {
              chain output {
                type filter hook output priority 0;
                tcp dport %d reject with icmp port-unreachable
              }
            }
            RULES
            """
                    .formatted(PORT);

    @Test
    void a_refused_connection_is_closed_at_once() throws Exception {
        assumeTrue(
                "root".equals(System.getProperty("user.name"))
                        && says("unshare", "-n", "sh", "-c", "nft list tables && ip link show lo")
                                .contains("lo:"),
                "NOT RUN: refusal by ICMP is tested as root, with unshare, nft and ip installed");

        assertThat(
                        says(
                                "unshare",
                                "-n",
                                "sh",
                                "-c",
                                REFUSE,
                                "sh",
                                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                RefusedDial.class.getName(),
                                Integer.toString(PORT)))
                .contains("connecting: 0");
    }

    private static String says(String... command) throws IOException {
        var process = new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        try (var output = process.inputReader()) {
            return output.readAllAsString();
        }
    }
}
