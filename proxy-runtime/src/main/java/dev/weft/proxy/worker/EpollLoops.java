package dev.weft.proxy.worker;

import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoOps;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;

/// Netty's epoll, with half-closed connections made whole.
///
/// A socket whose peer has ended waits for nothing until there is something to write that the
/// kernel does not take at once. Netty 4.2.18 (and 4.2.20) then takes the socket out of the
/// kernel's set, and later fails to change the entry that is not there, which closes the
/// connection: the rest of an answer is lost. Here such a socket stays in the set, and errors are
/// told once.
public final class EpollLoops {
    private static final EpollIoOps ERROR_ONCE = EpollIoOps.EPOLLERR.with(EpollIoOps.EPOLLET);

    private EpollLoops() {}

    /// For [io.netty.channel.MultiThreadIoEventLoopGroup].
    public static IoHandlerFactory newFactory() {
        var factory = EpollIoHandler.newFactory();
        return executor -> new Handler(factory.newHandler(executor));
    }

    private record Handler(IoHandler netty) implements IoHandler {
        @Override
        public IoRegistration register(IoHandle handle) throws Exception {
            return new Registration(netty.register(handle));
        }

        @Override
        public void initialize() {
            netty.initialize();
        }

        @Override
        public int run(IoHandlerContext context) {
            return netty.run(context);
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
        private final IoRegistration netty;
        private boolean inSet;

        Registration(IoRegistration netty) {
            this.netty = netty;
        }

        @Override
        public long submit(IoOps ops) {
            if (EpollIoOps.NONE.equals(ops)) {
                return inSet ? netty.submit(ERROR_ONCE) : 0;
            }
            inSet = true;
            return netty.submit(ops);
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
