package dev.weft.e2e.mesh;

import dev.weft.e2e.cluster.Cluster;
import dev.weft.e2e.image.BuiltImage;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/// Weft's images as one cluster knows them.
///
/// @param references by `name:tag`
public record MeshImages(Map<String, String> references) {
    private static final String OPERATOR = "weft-operator";
    private static final String CONTROL_PLANE = "weft-control-plane";
    private static final String PROXY = "weft-proxy";
    private static final String WORKLOAD = "weft-testapp";

    public MeshImages {
        references = Map.copyOf(references);
    }

    /// Loads the images into the cluster.
    public static MeshImages load(Cluster cluster, List<BuiltImage> images) {
        cluster.load(images);
        var references = new TreeMap<String, String>();
        for (var image : images) {
            references.put(image.name() + ":" + image.tag(), cluster.reference(image));
        }
        return new MeshImages(references);
    }

    /// The newest operator, which knows all versions.
    public String operator() {
        return newest(OPERATOR);
    }

    public String workload() {
        return newest(WORKLOAD);
    }

    public String controlPlane(String version) {
        return reference(CONTROL_PLANE, version);
    }

    public String proxy(String version) {
        return reference(PROXY, version);
    }

    /// The versions of which there are both a control plane and a proxy, in order.
    public List<String> versions() {
        return tags(CONTROL_PLANE).stream().filter(tags(PROXY)::contains).toList();
    }

    private String newest(String name) {
        var tags = tags(name);
        if (tags.isEmpty()) {
            throw new IllegalStateException("there is no image " + name);
        }
        return reference(name, tags.last());
    }

    private String reference(String name, String tag) {
        var reference = references.get(name + ":" + tag);
        if (reference == null) {
            throw new IllegalStateException("there is no image " + name + ":" + tag);
        }
        return reference;
    }

    private TreeSet<String> tags(String name) {
        var tags = new TreeSet<String>();
        for (String key : references.keySet()) {
            if (key.startsWith(name + ":")) {
                tags.add(key.substring(name.length() + 1));
            }
        }
        return tags;
    }
}
