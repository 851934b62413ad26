package dev.weft.proxy.testing;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// What Netty's leak detector tells.
public final class Leaks extends Handler {
    private static final Logger LOGGER = Logger.getLogger(ResourceLeakDetector.class.getName());
    private static final int LOOKS = 1000;

    private final ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();

    /// From now on.
    public void watch() {
        LOGGER.addHandler(this);
    }

    /// What was lost so far, each told once. Leaks come to light when another buffer is made after
    /// they were collected.
    public List<String> look() {
        System.gc();
        for (int i = 0; i < LOOKS; i++) {
            ByteBufAllocator.DEFAULT.buffer(16).release();
        }
        var found = new ArrayList<String>();
        for (var leak = told.poll(); leak != null; leak = told.poll()) {
            found.add(leak);
        }
        return found;
    }

    @Override
    public void publish(LogRecord record) {
        if (String.valueOf(record.getMessage()).contains("LEAK")) {
            told.add(record.getMessage());
        }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        LOGGER.removeHandler(this);
    }
}
