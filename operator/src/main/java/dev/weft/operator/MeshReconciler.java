package dev.weft.operator;

import dev.weft.api.MeshInstallation;
import dev.weft.operator.apply.Applier;
import dev.weft.operator.apply.Outcome;
import dev.weft.operator.observe.Observed;
import dev.weft.operator.observe.Observer;
import dev.weft.operator.plan.Plan;
import dev.weft.operator.plan.Standing;
import dev.weft.operator.tell.Events;
import dev.weft.operator.tell.News;
import dev.weft.operator.tell.StatusWriter;
import dev.weft.operator.tell.Story;
import dev.weft.operator.trust.Root;
import dev.weft.operator.trust.RootStore;
import dev.weft.operator.trust.RootStore.UnusableRoot;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// Read, decide, act, tell: the whole of the operator on one screen.
@ControllerConfiguration(name = "mesh", finalizerName = MeshReconciler.FINALIZER)
public final class MeshReconciler
        implements Reconciler<MeshInstallation>, Cleaner<MeshInstallation> {
    /// Keeps a deleted `MeshInstallation` until its mesh is gone.
    public static final String FINALIZER = "weft.dev/uninstall";

    /// How soon to look again without being woken: for deadlines, and should an event be lost.
    private static final Duration UNDER_WAY = Duration.ofSeconds(2);

    private static final Duration AT_REST = Duration.ofSeconds(30);

    private final Clock clock = Clock.systemUTC();
    private final Applier applier;
    private final RootStore roots;
    private final StatusWriter statuses;
    private final Events events;

    /// One installation at a time: they share the cluster, and all that is remembered about it.
    private final ReentrantLock one = new ReentrantLock();

    private @Nullable Observer observer;

    MeshReconciler(
            KubernetesClient client,
            @ConfigProperty(name = "weft.pod-name", defaultValue = "weft-operator")
                    String podName) {
        this.applier = new Applier(client);
        this.roots = new RootStore(client);
        this.statuses = new StatusWriter(client);
        this.events = new Events(client, podName);
    }

    @Override
    public List<EventSource<?, MeshInstallation>> prepareEventSources(
            EventSourceContext<MeshInstallation> context) {
        var observer = new Observer(context, Map.copyOf(System.getenv()));
        this.observer = observer;
        return observer.sources();
    }

    @Override
    public UpdateControl<MeshInstallation> reconcile(
            MeshInstallation mesh, Context<MeshInstallation> context) {
        var result = pass(mesh, context);
        return UpdateControl.<MeshInstallation>noUpdate().rescheduleAfter(again(result));
    }

    @Override
    public DeleteControl cleanup(MeshInstallation mesh, Context<MeshInstallation> context) {
        var result = pass(mesh, context);
        if (result.plan() instanceof Plan.Remove && result.outcome().done()) {
            return DeleteControl.defaultDelete();
        }
        return DeleteControl.noFinalizerRemoval().rescheduleAfter(again(result).toMillis());
    }

    private record Result(Plan plan, Outcome outcome) {}

    private Result pass(MeshInstallation mesh, Context<MeshInstallation> context) {
        one.lock();
        try {
            var observer = Objects.requireNonNull(this.observer);
            var owned = observer.owned();
            var seen = observer.observe(mesh, context, owned, clock.instant());
            var plan = Plan.of(seen);
            Root root = null;
            Outcome outcome;
            try {
                if (plan instanceof Plan.Run) {
                    root =
                            roots.ensure(
                                    seen.spec().trust().domain(),
                                    !seen.revisions().isEmpty(),
                                    seen.now());
                }
                if (plan instanceof Plan.Remove) {
                    roots.forget();
                    tell(
                            mesh,
                            seen,
                            plan.standing(),
                            Outcome.nothing(),
                            root); // there is no way back from here
                }
                outcome = applier.apply(plan, mesh, seen, owned, root);
            } catch (UnusableRoot e) {
                outcome = new Outcome(List.of(e.getMessage()), List.of(), List.of(), false);
            }
            if (!(plan instanceof Plan.Remove && outcome.done())) {
                tell(mesh, seen, plan.standing(), outcome, root);
            }
            return new Result(plan, outcome);
        } finally {
            one.unlock();
        }
    }

    private void tell(
            MeshInstallation mesh,
            Observed seen,
            Standing standing,
            Outcome outcome,
            @Nullable Root root) {
        var status = Story.of(seen, standing, outcome, root);
        statuses.write(mesh, status);
        for (var news : News.between(seen.status(), status, outcome)) {
            events.tell(mesh, news, seen.now());
        }
    }

    private static Duration again(Result result) {
        var rests =
                result.outcome().done()
                        && (result.plan().standing() instanceof Standing.Steady
                                || result.plan() instanceof Plan.Leave);
        return rests ? AT_REST : UNDER_WAY;
    }
}
