package dev.weft.operator.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.api.Annotations;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class MeshedPodTest {
    @ParameterizedTest
    @CsvSource({"1, old, a, 2, new, b", "2, new, b, 1, old, a"})
    void its_proxy_is_the_container_of_the_slot_and_the_other_one_is_spare(
            String slot,
            String image,
            String container,
            String spareSlot,
            String spareImage,
            String spareContainer) {
        var pod =
                of(pod(Map.of(Annotations.SLOT, slot), "weft-init", "weft-proxy", "weft-proxy-2"));

        assertThat(pod.proxyImage()).isEqualTo(image);
        assertThat(pod.proxyContainer()).isEqualTo(container);
        assertThat(pod.proxyRunning()).isTrue();
        assertThat(pod.contract()).isEqualTo(1);
        assertThat(pod.spare())
                .isEqualTo(new MeshedPod.Spare(spareSlot, spareImage, spareContainer));
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "3", "weft-proxy-2"})
    void a_slot_that_there_is_not_means_the_first_one(
            @org.jspecify.annotations.Nullable String slot) {
        Map<String, String> annotations = slot == null ? Map.of() : Map.of(Annotations.SLOT, slot);

        var pod = of(pod(annotations, "weft-init", "weft-proxy", "weft-proxy-2"));

        assertThat(pod.proxyImage()).isEqualTo("old");
        assertThat(pod.spare().slot()).isEqualTo("2");
    }

    /// An image patched into it would have no place.
    @Test
    void a_pod_with_one_container_for_its_proxy_is_of_no_contract() {
        assertThat(of(pod(Map.of(), "weft-init", "weft-proxy")).contract()).isZero();
    }

    @Test
    void a_pod_without_any_is_not_meshed() {
        assertThat(MeshedPod.of(pod(Map.of(), "weft-init", "migrate"))).isNull();
    }

    private static MeshedPod of(Pod pod) {
        return Objects.requireNonNull(MeshedPod.of(pod), "a meshed pod");
    }

    private static Pod pod(Map<String, String> annotations, String... containers) {
        return new PodBuilder()
                .withNewMetadata()
                .withNamespace("shop")
                .withName("web-0")
                .withUid("u-1")
                .addToAnnotations(Annotations.INJECTION_CONTRACT, "1")
                .addToAnnotations(annotations)
                .endMetadata()
                .withNewSpec()
                .withInitContainers(Stream.of(containers).map(MeshedPodTest::container).toList())
                .endSpec()
                .withNewStatus()
                .withInitContainerStatuses(
                        List.of(running("weft-proxy", "a"), running("weft-proxy-2", "b")))
                .endStatus()
                .build();
    }

    private static Container container(String name) {
        return new ContainerBuilder()
                .withName(name)
                .withImage(name.equals("weft-proxy-2") ? "new" : "old")
                .build();
    }

    private static ContainerStatus running(String name, String id) {
        return new ContainerStatusBuilder()
                .withName(name)
                .withContainerID(id)
                .withNewState()
                .withNewRunning()
                .withStartedAt("2026-01-01T00:00:00Z")
                .endRunning()
                .endState()
                .build();
    }
}
