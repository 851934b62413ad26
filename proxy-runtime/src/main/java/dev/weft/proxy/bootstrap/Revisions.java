package dev.weft.proxy.bootstrap;

import dev.weft.proxy.bootstrap.BootstrapFile.InvalidBootstrap;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.control.FileWatch;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Follows the pod's annotation `weft.dev/revision` to the bootstrap file that it names. What it
/// has told last stays valid until another revision is named *and* its file is there and right; so
/// a mistake in either moves nothing.
public final class Revisions {
    public static final String ANNOTATION = "weft.dev/revision";

    private static final Logger LOG = System.getLogger(Revisions.class.getName());

    private final Paths paths;
    private final ControlThread control;
    private final Consumer<ControlPlane> told;

    private @Nullable String named;
    private @Nullable FileWatch bootstrap;
    private @Nullable ControlPlane current;

    /// @param told called on the control thread with each new control plane to follow
    public Revisions(Paths paths, ControlThread control, Consumer<ControlPlane> told) {
        this.paths = paths;
        this.control = control;
        this.told = told;
    }

    public void start() {
        FileWatch.start(paths.annotations(), control, this::annotations);
    }

    private void annotations(String file) {
        String revision = Annotations.parse(file).get(ANNOTATION);
        if (revision == null || revision.equals(named)) {
            return;
        }
        if (!revision.matches("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")) {
            LOG.log(
                    Level.WARNING,
                    "annotation {0} is not a revision, ignored: {1}",
                    ANNOTATION,
                    revision);
            return;
        }
        named = revision;
        if (bootstrap != null) {
            bootstrap.close();
        }
        bootstrap =
                FileWatch.start(
                        paths.bootstrap(revision), control, json -> bootstrap(revision, json));
    }

    private void bootstrap(String revision, String json) {
        try {
            var next = BootstrapFile.parse(revision, json);
            if (current == null || !next.equals(current)) {
                current = next;
                if (!next.ignored().isEmpty()) {
                    LOG.log(
                            Level.WARNING,
                            "of {0} this is not used: {1}",
                            paths.bootstrap(revision),
                            String.join(", ", next.ignored()));
                }
                told.accept(next);
            }
        } catch (InvalidBootstrap e) {
            LOG.log(
                    Level.ERROR,
                    "{0} is not used: {1}; staying with {2}",
                    paths.bootstrap(revision),
                    e.getMessage(),
                    current == null ? "none" : current);
        }
    }
}
