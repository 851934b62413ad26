package dev.weft.proxy.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A class of unit tests fails if one of them, or one before it, has lost a buffer. The build has
/// each buffer watched (`io.netty.leakDetection.level`), and this extension found. Integration
/// tests stop event loops and gRPC's channels in the middle of things, and lose what these hold: of
/// them the soak alone looks.
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {
    private static final Leaks LEAKS = new Leaks();

    static {
        LEAKS.watch();
    }

    /// So that watching begins before anything else.
    @Override
    public void beforeAll(ExtensionContext context) {}

    @Override
    public void afterAll(ExtensionContext context) {
        if (!Boolean.getBoolean("weft.leak-check")) {
            return;
        }
        assertThat(LEAKS.look())
                .as("buffers that were collected before they were released")
                .isEmpty();
    }
}
