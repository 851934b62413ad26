package dev.weft.e2e.image;

import java.nio.file.Path;

/// An image that lies on this machine, ready to be loaded into a cluster.
///
/// @param name without registry and tag, for example `weft-proxy`
/// @param tag a version, for example `0.2.0`
/// @param archive a docker-archive tar
public record BuiltImage(String name, String tag, Path archive) {
    /// The name by which clusters that were loaded with the archive know the image.
    public String localReference() {
        return "localhost/weft/" + name + ":" + tag;
    }
}
