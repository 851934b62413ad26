package dev.weft.operator.observe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.weft.api.Names;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The versions that this operator may install: ConfigMap `weft-versions`, and `RELATED_IMAGE_*`
/// under OLM.
///
/// @param faults what could not be read, each a sentence
public record Catalogue(SortedMap<String, Images> versions, List<String> faults) {
    private static final String CONTROL_PLANE = "RELATED_IMAGE_CONTROL_PLANE_";
    private static final String PROXY = "RELATED_IMAGE_PROXY_";
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    public Catalogue {
        var sorted = new TreeMap<String, Images>(BY_VERSION);
        sorted.putAll(versions);
        versions = java.util.Collections.unmodifiableSortedMap(sorted);
        faults = List.copyOf(faults);
    }

    /// `0.10.0` comes after `0.9.0`.
    public static final Comparator<String> BY_VERSION =
            Comparator.comparing(Catalogue::padded).thenComparing(Comparator.naturalOrder());

    /// The images of a version, or nothing when it is unknown.
    public @Nullable Images images(String version) {
        return versions.get(version);
    }

    /// For people: `0.1.0, 0.2.0`.
    public String known() {
        return versions.isEmpty() ? "none" : String.join(", ", versions.keySet());
    }

    /// What the ConfigMap says beats what the environment says.
    public static Catalogue of(Map<String, String> environment, Map<String, String> configMap) {
        var versions = new TreeMap<String, Images>();
        var faults = new ArrayList<String>();
        environment.forEach((name, image) -> {
            if (name.startsWith(CONTROL_PLANE)) {
                var suffix = name.substring(CONTROL_PLANE.length());
                var proxy = environment.get(PROXY + suffix);
                if (proxy != null) {
                    versions.put(
                            suffix.replace('_', '.'),
                            new Images(image, proxy, Names.INJECTION_CONTRACT));
                }
            }
        });
        configMap.forEach((version, yaml) -> {
            try {
                versions.put(version, read(yaml));
            } catch (JsonProcessingException | IllegalArgumentException e) {
                faults.add(
                        "ConfigMap %s, key %s: write {controlPlane: image, proxy: image, contract: 1}"
                                .formatted(Names.VERSIONS_CONFIG_MAP, version));
            }
        });
        return new Catalogue(versions, faults);
    }

    private static Images read(String yaml) throws JsonProcessingException {
        var tree = YAML.readTree(yaml);
        var controlPlane = tree.path("controlPlane").asText();
        var proxy = tree.path("proxy").asText();
        if (controlPlane.isEmpty() || proxy.isEmpty()) {
            throw new IllegalArgumentException("no image");
        }
        return new Images(
                controlPlane, proxy, tree.path("contract").asInt(Names.INJECTION_CONTRACT));
    }

    private static String padded(String version) {
        var padded = new StringBuilder();
        for (var part : version.split("[.-]", -1)) {
            padded.append("0".repeat(Math.max(0, 8 - part.length()))).append(part).append('.');
        }
        return padded.toString();
    }
}
