package dev.weft.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class CatalogueTest {
    @Test
    void knows_the_versions_of_the_config_map_in_their_order() {
        var catalogue =
                Catalogue.of(
                        Map.of(),
                        Map.of(
                                "0.10.0", "{controlPlane: cp:10, proxy: p:10, contract: 2}",
                                "0.9.0", "{controlPlane: cp:9, proxy: p:9}"));

        assertThat(catalogue.known()).isEqualTo("0.9.0, 0.10.0");
        assertThat(catalogue.images("0.10.0")).isEqualTo(new Images("cp:10", "p:10", 2));
        assertThat(catalogue.images("0.9.0")).isEqualTo(new Images("cp:9", "p:9", 1));
        assertThat(catalogue.images("1.0.0")).isNull();
    }

    @Test
    void takes_related_images_from_the_environment() {
        var catalogue =
                Catalogue.of(
                        Map.of(
                                "RELATED_IMAGE_CONTROL_PLANE_0_2_0", "cp@sha256:a",
                                "RELATED_IMAGE_PROXY_0_2_0", "p@sha256:b"),
                        Map.of());

        assertThat(catalogue.images("0.2.0")).isEqualTo(new Images("cp@sha256:a", "p@sha256:b", 1));
    }

    @Test
    void says_where_an_entry_cannot_be_read_and_keeps_the_others() {
        var catalogue =
                Catalogue.of(
                        Map.of(),
                        Map.of("0.1.0", "nonsense", "0.2.0", "{controlPlane: a, proxy: b}"));

        assertThat(catalogue.known()).isEqualTo("0.2.0");
        assertThat(catalogue.faults()).singleElement().asString().contains("0.1.0");
    }
}
