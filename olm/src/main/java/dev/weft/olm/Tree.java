package dev.weft.olm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/// A set of generated files under one root: compared with what lies there, or written over it.
///
/// @param folders the folders, relative to the root, that hold generated files and nothing else
/// @param files relative path to content
record Tree(List<String> folders, SortedMap<String, String> files) {
    /// One line for each difference between `root` and this tree; empty when they are the same.
    List<String> differences(Path root) throws IOException {
        var found = new ArrayList<String>();
        SortedMap<String, String> present = present(root);
        for (Map.Entry<String, String> file : files.entrySet()) {
            String there = present.remove(file.getKey());
            if (there == null) {
                found.add(file.getKey() + " is missing");
            } else if (!there.equals(file.getValue())) {
                found.add(file.getKey() + " differs");
            }
        }
        present.keySet().forEach(path -> found.add(path + " should not be there"));
        return found;
    }

    /// Makes the folders hold just this tree.
    void write(Path root) throws IOException {
        for (String stale : present(root).keySet()) {
            if (!files.containsKey(stale)) {
                Files.delete(root.resolve(stale));
            }
        }
        for (Map.Entry<String, String> file : files.entrySet()) {
            Path path = root.resolve(file.getKey());
            Path parent = path.getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            Files.writeString(path, file.getValue());
        }
    }

    private SortedMap<String, String> present(Path root) throws IOException {
        var present = new TreeMap<String, String>();
        for (String folder : folders) {
            Path top = root.resolve(folder);
            if (!Files.isDirectory(top)) {
                continue;
            }
            try (Stream<Path> paths = Files.walk(top)) {
                for (Path path : paths.filter(Files::isRegularFile).toList()) {
                    present.put(root.relativize(path).toString(), Files.readString(path));
                }
            }
        }
        return present;
    }
}
