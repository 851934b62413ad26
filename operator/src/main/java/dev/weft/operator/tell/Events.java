package dev.weft.operator.tell;

import dev.weft.api.MeshInstallation;
import dev.weft.operator.desired.Desired;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.events.v1.EventBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jboss.logging.Logger;

/// Writes news as Events about the `MeshInstallation`, and into the log. An Event that cannot be
/// written is not worth a failure.
public final class Events {
    private static final Logger LOG = Logger.getLogger("dev.weft.operator");
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    /// Of objects that belong to no namespace, Kubernetes keeps the Events here.
    private static final String NAMESPACE = "default";

    private static final int LONGEST_NOTE = 1000;

    private final KubernetesClient client;
    private final String reporter;

    private long last;

    public Events(KubernetesClient client, String reporter) {
        this.client = client;
        this.reporter = reporter;
    }

    public void tell(MeshInstallation mesh, News news, Instant now) {
        LOG.infof("%s: %s", news.reason(), news.message());
        var event =
                new EventBuilder()
                        .withNewMetadata()
                        .withName(name(mesh, now))
                        .withNamespace(NAMESPACE)
                        .endMetadata()
                        .withNewRegarding()
                        .withApiVersion(mesh.getApiVersion())
                        .withKind(mesh.getKind())
                        .withName(mesh.getMetadata().getName())
                        .withUid(mesh.getMetadata().getUid())
                        .endRegarding()
                        .withType(news.reason().severity().name())
                        .withReason(news.reason().name())
                        .withAction("Reconcile")
                        .withNote(shortened(news.message()))
                        .withEventTime(new MicroTime(MICROS.format(now)))
                        .withReportingController(Desired.MANAGER)
                        .withReportingInstance(reporter)
                        .build();
        try {
            client.resource(event).create();
        } catch (KubernetesClientException e) {
            LOG.warnf("an Event could not be written: %s", e.getMessage());
        }
    }

    /// As client-go names them; no two in one nanosecond.
    private String name(MeshInstallation mesh, Instant now) {
        last = Math.max(last + 1, now.getEpochSecond() * 1_000_000_000L + now.getNano());
        return mesh.getMetadata().getName() + "." + Long.toHexString(last);
    }

    private static String shortened(String message) {
        return message.length() <= LONGEST_NOTE
                ? message
                : message.substring(0, LONGEST_NOTE - 1) + "…";
    }
}
