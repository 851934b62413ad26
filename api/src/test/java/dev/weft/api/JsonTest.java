package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonTest {
    private final KubernetesSerialization json = new KubernetesSerialization();

    @Test
    void a_spec_with_only_a_version_has_the_defaults_of_the_crd() {
        var mesh =
                json.unmarshal(
                        """
                        apiVersion: weft.dev/v1alpha1
                        kind: MeshInstallation
                        metadata: {name: mesh}
                        spec: {version: 0.2.0}
                        """,
                        MeshInstallation.class);

        assertThat(mesh.getSpec()).isEqualTo(MeshInstallationSpec.of("0.2.0"));
    }

    @Test
    void a_revision_survives_the_way_through_json() {
        var spec =
                new MeshRevisionSpec(
                        "0.2.0",
                        "cluster.local",
                        MtlsMode.Strict,
                        "60s",
                        RevisionMode.Mesh,
                        "weft-proxy:0.2.0",
                        null,
                        true,
                        List.of(new MeshRevisionSpec.WorkedPod("a", "b", "c", true)));
        var revision = new MeshRevision();
        revision.setSpec(spec);

        var back = json.unmarshal(json.asJson(revision), MeshRevision.class);

        assertThat(back.getSpec()).isEqualTo(spec);
    }

    @Test
    void a_status_alone_is_applied_without_a_spec() {
        var revision = new MeshRevision();
        revision.setStatus(new MeshRevisionStatus(List.of()));

        assertThat(json.asJson(revision)).doesNotContain("\"spec\"");
    }
}
