package dev.weft.proxy.identity;

import com.google.protobuf.StringValue;
import dev.weft.proxy.bootstrap.ControlPlane;
import dev.weft.proxy.bootstrap.Paths;
import dev.weft.proxy.bootstrap.Pod;
import dev.weft.proxy.control.AtomicFile;
import dev.weft.proxy.control.Backoff;
import dev.weft.proxy.control.ControlThread;
import dev.weft.proxy.control.FileWatch;
import dev.weft.proxy.identity.ControlPlaneDialer.Connection;
import dev.weft.proxy.identity.ControlPlaneDialer.NotReady;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Keeps this pod's identity: takes it up again from the state folder, has it signed, renews it,
/// follows the roots. Runs on the control thread; what it has reached is seen through [#tls()].
///
/// ```
/// no roots ──roots.pem──▶ no certificate ──signed──▶ certified ──half of its life──▶ renewing ──signed──▶ certified
///                              ▲    │ refused: backoff              │ refused: backoff, the old one is used
/// ```
public final class MeshIdentity {
    private static final Logger LOG = System.getLogger(MeshIdentity.class.getName());

    private final Paths paths;
    private final ControlThread control;
    private final Clock clock;
    private final RandomGenerator random;
    private final CertificateEvents events;
    private final ControlPlaneDialer dialer;
    private final LiveMeshTls tls;
    private final Backoff backoff;

    private @Nullable Roots roots;
    private @Nullable Identity identity;
    private @Nullable ControlPlane signer;
    private ControlThread.@Nullable Timer renewal;
    private boolean signing;

    public MeshIdentity(
            Paths paths,
            ControlThread control,
            EventLoopGroup loop,
            Clock clock,
            RandomGenerator random,
            CertificateEvents events) {
        this.paths = paths;
        this.control = control;
        this.clock = clock;
        this.random = random;
        this.events = events;
        this.tls = new LiveMeshTls(control);
        this.dialer =
                new ControlPlaneDialer(
                        paths.token(),
                        loop,
                        control,
                        () -> Optional.ofNullable(roots),
                        this::validIdentity);
        this.backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5), random);
    }

    public MeshTls tls() {
        return tls;
    }

    public ControlPlaneDialer dialer() {
        return dialer;
    }

    /// Called on the control thread, first of all: what lies in the state folder is in use when it
    /// returns.
    public void start() {
        try {
            roots(Files.readString(paths.roots()));
        } catch (IOException e) {
            LOG.log(Level.INFO, "{0} is not there yet, waiting for it", paths.roots());
        }
        FileWatch.start(paths.roots(), control, this::roots);
    }

    /// Has certificates signed by this control plane from now on.
    public void signedBy(ControlPlane controlPlane) {
        signer = controlPlane;
        if (identity == null) {
            sign();
        }
    }

    private Optional<Identity> validIdentity() {
        return Optional.ofNullable(identity).filter(own -> own.validAt(clock.instant()));
    }

    private void roots(String pem) {
        Roots next;
        try {
            next = new Roots(Pem.certificates(pem));
        } catch (CertificateException e) {
            LOG.log(Level.ERROR, "{0} is not used: {1}", paths.roots(), e.getMessage());
            return;
        }
        if (next.certificates().isEmpty()) {
            LOG.log(Level.ERROR, "{0} is not used: it holds no certificate", paths.roots());
            return;
        }
        if (roots != null && next.equals(roots)) {
            return;
        }
        roots = next;
        if (identity == null) {
            takeUp(next);
        } else {
            underNewRoots(identity, next);
        }
    }

    private void takeUp(Roots trusted) {
        try {
            var kept = Identity.parse(Files.readString(paths.identity()), trusted);
            use(kept, trusted);
            LOG.log(Level.INFO, "{0}, taken up from the state folder", kept.id().uri());
        } catch (NoSuchFileException e) {
            sign();
        } catch (IOException | GeneralSecurityException e) {
            LOG.log(
                    Level.WARNING,
                    "{0} is not used: {1}; a new certificate is asked for",
                    paths.identity(),
                    e.getMessage());
            sign();
        }
    }

    private void underNewRoots(Identity own, Roots trusted) {
        try {
            use(own.under(trusted), trusted);
            LOG.log(Level.INFO, "the mesh's roots have changed, the certificate is still good");
        } catch (GeneralSecurityException e) {
            LOG.log(
                    Level.WARNING,
                    "the mesh''s roots have changed: {0}; a new certificate is asked for",
                    e.getMessage());
            sign();
        }
    }

    private void use(Identity next, Roots trusted) throws GeneralSecurityException {
        tls.use(next, trusted);
        identity = next;
        events.certified(next.id().uri(), next.notAfter());
        if (renewal != null) {
            renewal.cancel();
        }
        Instant now = clock.instant();
        var delay = Duration.between(now, next.renewal(now, random.nextDouble()));
        renewal = control.after(delay.isNegative() ? Duration.ZERO : delay, this::sign);
    }

    private void sign() {
        var target = signer;
        if (target == null || roots == null || signing || target.serverName() == null) {
            return;
        }
        signing = true;
        SigningRequest request;
        Connection connection;
        try {
            connection = dialer.dial(target);
        } catch (NotReady e) {
            refused(target, e);
            return;
        }
        try {
            request = SigningRequest.create(Pod.read(paths));
        } catch (GeneralSecurityException e) {
            connection.close();
            refused(target, e);
            return;
        }
        CertificateService.sign(
                connection.calls(),
                request.der(),
                new StreamObserver<>() {
                    @Override
                    public void onNext(StringValue chain) {
                        connection.close();
                        signed(target, request.keys(), chain.getValue());
                    }

                    @Override
                    public void onError(Throwable failure) {
                        connection.close();
                        refused(target, failure);
                    }

                    @Override
                    public void onCompleted() {}
                });
    }

    private void signed(ControlPlane by, KeyPair keys, String chain) {
        var trusted = roots;
        if (trusted == null) {
            throw new IllegalStateException("roots do not go away once they are there");
        }
        try {
            var next = Identity.signed(keys, Pem.certificates(chain), trusted);
            use(next, trusted);
            signing = false;
            backoff.reset();
            LOG.log(
                    Level.INFO,
                    "{0}, certified until {1} by {2}",
                    next.id().uri(),
                    next.notAfter(),
                    by);
            AtomicFile.write(
                    paths.identity(), next.pem(trusted).getBytes(StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException e) {
            refused(by, e);
        } catch (IOException e) {
            LOG.log(
                    Level.ERROR,
                    "the certificate could not be kept in {0}: {1}",
                    paths.identity(),
                    e);
        }
    }

    private void refused(ControlPlane by, Throwable why) {
        signing = false;
        events.refused();
        var delay = backoff.next();
        LOG.log(
                Level.WARNING,
                "no certificate from {0}: {1}; again in {2} ms",
                by,
                why.getMessage(),
                delay.toMillis());
        if (renewal != null) {
            renewal.cancel();
        }
        renewal = control.after(delay, this::sign);
    }
}
