package dev.weft.e2e.olm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.image.Images;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BundleIT {
    private final Path top = Images.top();
    private final Cache cache = Cache.ofUser();
    private final Progress progress = Progress.toStandardError();

    @Test
    void the_bundle_is_valid() {
        var output =
                OlmTool.OPERATOR_SDK.run(cache, progress, top, "bundle", "validate", "./bundle");

        assertThat(output.exitCode()).as(output.toString()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "suite=operatorframework",
                "name=operatorhubv2",
                "name=capabilities",
                "name=categories",
                "name=good-practices"
            })
    void the_bundle_passes_the_optional_validators(String validator) {
        var output =
                OlmTool.OPERATOR_SDK.run(
                        cache,
                        progress,
                        top,
                        "bundle",
                        "validate",
                        "./bundle",
                        "--select-optional",
                        validator);

        assertThat(output.exitCode()).as(output.toString()).isZero();
    }

    @Test
    void the_catalog_is_valid() {
        var output = OlmTool.OPM.run(cache, progress, top, "validate", "olm/catalog");

        assertThat(output.exitCode()).as(output.toString()).isZero();
    }

    @Test
    void the_catalog_offers_the_bundle_of_this_tree() {
        var rendered = OlmTool.OPM.run(cache, progress, top, "render", "olm/catalog", "-o", "yaml");

        assertThat(rendered.exitCode()).as(rendered.toString()).isZero();
        assertThat(rendered.stdout()).contains("name: weft-operator.v0.2.0");
    }
}
