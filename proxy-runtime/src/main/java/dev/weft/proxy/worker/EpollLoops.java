package dev.weft.proxy.worker;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.util.concurrent.ThreadAwareExecutor;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/// Netty's epoll, with half-closed connections made whole and fewer calls into the kernel.
///
/// A socket whose peer has ended waits for nothing until there is something to write that the
/// kernel does not take at once. Netty 4.2.18 (and 4.2.20) then takes the socket out of the
/// kernel's set, and later fails to change the entry that is not there, which closes the
/// connection: the rest of an answer is lost. Here such a socket stays in the set, and errors are
/// told once.
///
/// A connection that is not read while another one takes what it said changes twice within a turn
/// of its loop. The kernel is told when the loop goes to wait, and only what has changed by then.
public final class EpollLoops {
    private static final EpollIoOps ERROR_ONCE = EpollIoOps.EPOLLERR.with(EpollIoOps.EPOLLET);

    private EpollLoops() {}

    /// For [io.netty.channel.MultiThreadIoEventLoopGroup].
    public static IoHandlerFactory newFactory() {
        return over(EpollIoHandler.newFactory());
    }

    static IoHandlerFactory over(IoHandlerFactory netty) {
        return executor -> new Handler(executor, netty.newHandler(executor));
    }

    private static final class Handler implements IoHandler {
        private final ThreadAwareExecutor executor;
        private final IoHandler netty;
        private final List<Registration> changed = new ArrayList<>();

        Handler(ThreadAwareExecutor executor, IoHandler netty) {
            this.executor = executor;
            this.netty = netty;
        }

        @Override
        public IoRegistration register(IoHandle handle) throws Exception {
            return new Registration(this, (EpollIoHandle) handle, netty.register(handle));
        }

        @Override
        public void initialize() {
            netty.initialize();
        }

        @Override
        public int run(IoHandlerContext context) {
            tellKernel();
            return netty.run(context);
        }

        private void tellKernel() {
            for (int i = 0; i < changed.size(); i++) {
                changed.get(i).tellKernel();
            }
            changed.clear();
        }

        @Override
        public void prepareToDestroy() {
            netty.prepareToDestroy();
        }

        @Override
        public void destroy() {
            netty.destroy();
        }

        @Override
        public void wakeup() {
            netty.wakeup();
        }

        @Override
        public boolean isCompatible(Class<? extends IoHandle> type) {
            return netty.isCompatible(type);
        }
    }

    private static final class Registration implements IoRegistration {
        private final Handler handler;
        private final EpollIoHandle handle;
        private final IoRegistration netty;
        private EpollIoOps told = EpollIoOps.NONE;
        private EpollIoOps wanted = EpollIoOps.NONE;
        private boolean waits;

        Registration(Handler handler, EpollIoHandle handle, IoRegistration netty) {
            this.handler = handler;
            this.handle = handle;
            this.netty = netty;
        }

        @Override
        public long submit(IoOps ops) {
            if (!handler.executor.isExecutorThread(Thread.currentThread())) {
                handler.executor.execute(() -> submit(ops));
                return 0;
            }
            wanted =
                    EpollIoOps.NONE.equals(ops) && !EpollIoOps.NONE.equals(told)
                            ? ERROR_ONCE
                            : (EpollIoOps) ops;
            if (!waits) {
                waits = true;
                handler.changed.add(this);
            }
            return wanted.value();
        }

        /// A closed socket's number may be another one's by now.
        private void tellKernel() {
            waits = false;
            if (wanted.equals(told) || !netty.isValid() || !handle.fd().isOpen()) {
                return;
            }
            told = wanted;
            try {
                netty.submit(wanted);
            } catch (UncheckedIOException e) {
                close();
            }
        }

        private void close() {
            try {
                handle.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public <T> T attachment() {
            return netty.attachment();
        }

        @Override
        public boolean isValid() {
            return netty.isValid();
        }

        @Override
        public boolean cancel() {
            return netty.cancel();
        }
    }
}
