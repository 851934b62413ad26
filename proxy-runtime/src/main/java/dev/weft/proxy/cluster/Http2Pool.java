package dev.weft.proxy.cluster;

import io.netty.channel.EventLoop;

final class Http2Pool implements Pool {
    Http2Pool(Destination destination, Connector connector, EventLoop loop) {}

    @Override
    public void acquire(StreamWaiter waiter) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void retire() {}

    @Override
    public boolean isEmpty() {
        return true;
    }
}
