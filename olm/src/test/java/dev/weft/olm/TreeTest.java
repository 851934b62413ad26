package dev.weft.olm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeTest {
    @TempDir Path root;

    private final Tree tree =
            new Tree(List.of("made"), new TreeMap<>(Map.of("made/a", "1", "made/b/c", "2")));

    @Test
    void what_was_written_does_not_differ() throws IOException {
        tree.write(root);

        assertThat(tree.differences(root)).isEmpty();
    }

    @Test
    void names_what_is_missing_what_differs_and_what_should_not_be_there() throws IOException {
        Files.createDirectories(root.resolve("made"));
        Files.writeString(root.resolve("made/a"), "other");
        Files.writeString(root.resolve("made/stale"), "x");

        assertThat(tree.differences(root))
                .containsExactlyInAnyOrder(
                        "made/a differs", "made/b/c is missing", "made/stale should not be there");
    }

    @Test
    void writing_removes_stale_files_and_leaves_other_folders_alone() throws IOException {
        Files.createDirectories(root.resolve("made"));
        Files.writeString(root.resolve("made/stale"), "x");
        Files.writeString(root.resolve("mine"), "y");

        tree.write(root);

        assertThat(root.resolve("made/stale")).doesNotExist();
        assertThat(root.resolve("mine")).hasContent("y");
    }
}
