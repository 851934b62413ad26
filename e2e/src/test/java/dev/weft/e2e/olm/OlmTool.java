package dev.weft.e2e.olm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.e2e.Progress;
import dev.weft.e2e.cache.Cache;
import dev.weft.e2e.cache.Fingerprint;
import dev.weft.e2e.machine.Output;
import dev.weft.e2e.machine.Processes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A program of OLM, built once per machine from its Go module and kept in the user's cache. It is
/// built inside the module's own folder, whose `go.sum` then counts; `go install` does not take
/// these modules.
enum OlmTool {
    OPERATOR_SDK("operator-sdk", "github.com/operator-framework/operator-sdk", "v1.42.2"),
    OPM("opm", "github.com/operator-framework/operator-registry", "v1.65.0");

    private static final String TAGS =
            "containers_image_openpgp exclude_graphdriver_btrfs exclude_graphdriver_devicemapper json1";

    private final String command;
    private final String module;
    private final String version;

    OlmTool(String command, String module, String version) {
        this.command = command;
        this.module = module;
        this.version = version;
    }

    Output run(Cache cache, Progress progress, Path folder, String... arguments) {
        Path binary =
                cache.get(
                                "olm-" + command,
                                Fingerprint.of(
                                        module, version, TAGS, System.getProperty("os.arch")),
                                into -> build(progress, into))
                        .resolve(command);
        var all = new ArrayList<>(List.of(binary.toString()));
        all.addAll(List.of(arguments));
        return Processes.run(new ProcessBuilder(all).directory(folder.toFile()));
    }

    private void build(Progress progress, Path into) throws JsonProcessingException {
        progress.timed(
                "Building " + command + " " + version + " from its Go module (once per machine)",
                () -> build(into.resolve(command)));
    }

    private String build(Path binary) {
        var builder =
                new ProcessBuilder(
                                "go",
                                "build",
                                "-trimpath",
                                "-buildvcs=false",
                                "-ldflags",
                                "-s -w",
                                "-tags",
                                TAGS,
                                "-o",
                                binary.toString(),
                                "./cmd/" + command)
                        .directory(sources().toFile());
        builder.environment().put("CGO_ENABLED", "0");
        builder.environment().put("GOWORK", "off");
        return Processes.run(builder).orThrow();
    }

    private Path sources() {
        String answer = Processes.must("go", "mod", "download", "-json", module + "@" + version);
        try {
            return Path.of(new ObjectMapper().readTree(answer).path("Dir").asText());
        } catch (JsonProcessingException unreadable) {
            throw new IllegalStateException("go mod download of " + module, unreadable);
        }
    }
}
