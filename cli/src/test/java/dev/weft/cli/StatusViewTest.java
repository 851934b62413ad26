package dev.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.MeshInstallation;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class StatusViewTest {
    private static MeshInstallation mesh(String status) {
        return Serialization.unmarshal(
                """
                apiVersion: weft.dev/v1alpha1
                kind: MeshInstallation
                metadata: {name: mesh, generation: 3}
                spec: {version: 0.2.0}
                """
                        + status,
                MeshInstallation.class);
    }

    @Test
    void a_mesh_without_status_is_not_ready_and_says_what_is_wanted() {
        StatusView view = StatusView.of(mesh(""));

        assertThat(view.ready()).isFalse();
        assertThat(view.toText()).contains("mesh: not ready").contains("wanted 0.2.0");
    }

    @Test
    void ready_of_an_older_generation_does_not_count() {
        StatusView view =
                StatusView.of(
                        mesh(
                                """
                                status:
                                  conditions:
                                  - {type: Ready, status: "True", reason: Installed, message: fine, observedGeneration: 2}
                                """));

        assertThat(view.ready()).isFalse();
        assertThat(view.toText()).contains("(of an older spec)");
    }

    @Test
    void tells_each_conditions_message_in_full() {
        StatusView view =
                StatusView.of(
                        mesh(
                                """
                                status:
                                  version: 0.1.0
                                  proxies: {total: 12, upToDate: 4, text: 4/12}
                                  conditions:
                                  - {type: Ready, status: "True", reason: Installed, message: fine, observedGeneration: 3}
                                  - {type: Degraded, status: "True", reason: UnknownVersion, message: "spec.version is 9.9.9: write 0.1.0 or 0.2.0", observedGeneration: 3}
                                """));

        assertThat(view.ready()).isTrue();
        assertThat(view.toText())
                .contains("version   0.1.0 (wanted 0.2.0)")
                .contains("4/12 up to date")
                .contains("write 0.1.0 or 0.2.0");
    }

    @Test
    void a_wrong_option_exits_with_2_and_an_unreadable_kubeconfig_says_so() {
        var err = new StringWriter();
        var line = Weft.commandLine(new Weft()).setErr(new PrintWriter(err, true));

        assertThat(line.execute("status", "-o", "xml")).isEqualTo(2);
        assertThat(line.execute("status", "--kubeconfig", "no-such-file")).isEqualTo(2);
        assertThat(err.toString()).contains("no-such-file cannot be read");
    }
}
