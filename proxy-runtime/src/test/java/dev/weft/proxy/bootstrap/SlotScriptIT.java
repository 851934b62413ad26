package dev.weft.proxy.bootstrap;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The image's entry point, with a command that says that it runs, and waits.
class SlotScriptIT {
    private static final Path SCRIPT = Path.of("src/main/image/opt/weft/bin/slot");
    private static final String COMMAND =
            "echo run; trap 'echo term; exit 0' TERM; while :; do sleep 0.05; done";

    @TempDir Path folder;
    private Path script;
    private Path output;
    private final List<Process> started = new ArrayList<>();

    @BeforeEach
    void copy() throws IOException {
        script = folder.resolve("slot");
        output = folder.resolve("output");
        Files.writeString(script, Files.readString(SCRIPT));
        set("/etc/weft/pod", folder.toString());
    }

    private void set(String text, String other) throws IOException {
        var before = Files.readString(script);
        assertThat(before).contains(text);
        Files.writeString(script, before.replace(text, other));
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (var script : started) {
            var children = script.descendants().toList();
            script.destroyForcibly().waitFor();
            children.forEach(ProcessHandle::destroyForcibly);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "1, ''"})
    void runs_in_the_slot_whose_turn_it_is(String slot, String wanted) throws Exception {
        wanted(wanted);

        var running = start(slot, COMMAND);

        eventually("it runs", () -> output().contains("run"));
        running.destroy();
        assertThat(running.onExit().get(10, TimeUnit.SECONDS).exitValue()).isZero();
        assertThat(output()).isEqualTo("run\nterm\n");
    }

    @Test
    void waits_until_it_is_its_turn() throws Exception {
        wanted("1");
        var running = start("2", COMMAND);
        assertThat(running.waitFor(1500, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(output()).isEmpty();

        wanted("2");

        eventually("it runs", () -> output().contains("run"));
    }

    @Test
    void ends_at_once_while_it_waits() throws Exception {
        wanted("1");
        var running = start("2", COMMAND);
        // until then the signal would end the shell without its trap
        eventually("it waits", () -> running.children().findAny().isPresent());

        running.destroy();

        assertThat(running.onExit().get(10, TimeUnit.SECONDS).exitValue()).isZero();
        assertThat(output()).isEmpty();
    }

    @Test
    void waits_for_its_next_turn_when_the_command_has_handed_over() throws Exception {
        wanted("1");
        var running =
                start(
                        "1",
                        "echo run; printf 'weft.dev/slot=\"2\"' > %s/annotations; exit 0"
                                .formatted(folder));
        eventually("it has run", () -> output().contains("run"));
        assertThat(running.waitFor(1500, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(output()).isEqualTo("run\n");

        wanted("1");

        eventually("it runs again", () -> output().equals("run\nrun\n"));
    }

    @Test
    void ends_as_a_command_that_fails() throws Exception {
        wanted("1");

        var running = start("1", "exit 3");

        assertThat(running.onExit().get(10, TimeUnit.SECONDS).exitValue()).isEqualTo(3);
    }

    @Test
    void starts_again_once_what_fails_after_a_while() throws Exception {
        set("enough=60", "enough=1");
        wanted("1");

        var running = start("1", "echo run; sleep 1.1; exit 3");

        assertThat(running.onExit().get(20, TimeUnit.SECONDS).exitValue()).isEqualTo(3);
        assertThat(output())
                .matches(
                        "run\nslot: the proxy failed with status 3 after \\d s; it is started again at once\nrun\n");
    }

    @Test
    void starts_again_what_is_killed() throws Exception {
        set("enough=60", "enough=0");
        wanted("1");
        var running = start("1", COMMAND);
        eventually("it runs", () -> output().contains("run"));

        running.children().forEach(ProcessHandle::destroyForcibly);

        eventually("it runs again", () -> output().endsWith("run\n") && output().contains("137"));
        assertThat(running.isAlive()).isTrue();
    }

    @Test
    void starts_again_what_fails_now_and_then() throws Exception {
        set("enough=60", "enough=1");
        set("calm=600", "calm=1");
        wanted("1");

        start("1", "echo run; sleep 1.1; exit 3");

        eventually("it runs thrice", () -> output().split("run\n", -1).length > 3);
    }

    @Test
    void starts_nothing_again_that_was_told_to_end() throws Exception {
        set("enough=60", "enough=0");
        wanted("1");
        var running = start("1", COMMAND.replace("exit 0", "exit 7"));
        eventually("it runs", () -> output().contains("run"));

        running.destroy();

        assertThat(running.onExit().get(10, TimeUnit.SECONDS).exitValue()).isEqualTo(7);
        assertThat(output()).isEqualTo("run\nterm\n");
    }

    @Test
    void just_runs_the_command_outside_of_a_pod() throws Exception {
        var running = start(null, "echo once");

        assertThat(running.onExit().get(10, TimeUnit.SECONDS).exitValue()).isZero();
        assertThat(output()).isEqualTo("once\n");
    }

    /// As the kubelet writes them: the last line has no end.
    private void wanted(String slot) throws IOException {
        var lines = "a=\"b=c\"\nweft.dev/revision=\"0-1-0\"";
        Files.writeString(
                folder.resolve("annotations"),
                slot.isEmpty() ? lines : lines + "\nweft.dev/slot=\"" + slot + "\"");
    }

    private Process start(@org.jspecify.annotations.Nullable String slot, String command)
            throws IOException {
        var builder =
                new ProcessBuilder("sh", script.toString(), "sh", "-c", command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile());
        if (slot == null) {
            builder.environment().remove("WEFT_SLOT");
        } else {
            builder.environment().put("WEFT_SLOT", slot);
        }
        var process = builder.start();
        started.add(process);
        return process;
    }

    private String output() {
        try {
            return Files.readString(output);
        } catch (IOException notYet) {
            return "";
        }
    }
}
