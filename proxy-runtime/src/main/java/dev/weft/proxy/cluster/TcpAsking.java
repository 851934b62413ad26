package dev.weft.proxy.cluster;

import dev.weft.proxy.config.Bytes;
import dev.weft.proxy.config.HealthCheck.Tcp;
import dev.weft.proxy.health.Answer;
import dev.weft.proxy.refusal.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Promise;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Asks by bytes, or by no more than connecting.
final class TcpAsking implements Asking {
    /// An endpoint that says more without saying what is expected is not going to.
    private static final int MAX_BYTES = 64 * 1024;

    private final Tcp question;
    private final Destination destination;
    private final Connector connector;
    private final EventLoop loop;
    private @Nullable Promise<Channel> connecting;
    private @Nullable Channel channel;
    private @Nullable ByteBuf heard;
    private @Nullable Consumer<Answer> told;

    TcpAsking(Tcp question, Destination destination, Connector connector, EventLoop loop) {
        this.question = question;
        this.destination = destination;
        this.connector = connector;
        this.loop = loop;
    }

    @Override
    public void ask(Consumer<Answer> told) {
        this.told = told;
        if (channel != null && channel.isActive()) {
            send(channel);
            return;
        }
        var reader = new Reader();
        Promise<Channel> connected = loop.newPromise();
        connecting = connected;
        connected.addListener(_ -> {
            if (connecting != connected) {
                return;
            }
            connecting = null;
            if (!connected.isSuccess()) {
                tell(
                        ConnectFailure.refusalOf(connected.cause()) == Refusal.NO_CERTIFICATE
                                ? Answer.UNASKED
                                : Answer.SILENT);
                return;
            }
            channel = connected.getNow();
            channel.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, false);
            channel.config().setAutoRead(true);
            send(channel);
        });
        connector.connect(destination, reader, connected);
    }

    private void send(Channel to) {
        var last = question.receive().isEmpty();
        if (!question.send().isEmpty()) {
            var write = to.writeAndFlush(question.send().buffer());
            if (last) {
                write.addListener(ChannelFutureListener.CLOSE);
            }
        } else if (last) {
            to.close();
        }
        if (last) {
            channel = null;
            tell(Answer.PASSED);
        }
    }

    @Override
    public void drop() {
        told = null;
        if (connecting != null) {
            var given = connecting;
            connecting = null;
            given.cancel(false);
        }
        if (channel != null) {
            channel.close();
            channel = null;
        }
        forget();
    }

    private void tell(Answer answer) {
        var listener = told;
        told = null;
        forget();
        if (listener != null) {
            listener.accept(answer);
        }
    }

    private void forget() {
        if (heard != null) {
            heard.release();
            heard = null;
        }
    }

    /// Whether all that is expected is there, in its order, whatever is between.
    static boolean contains(ByteBuf heard, Iterable<Bytes> expected) {
        var rest = heard.duplicate();
        for (var part : expected) {
            var at = ByteBufUtil.indexOf(part.buffer(), rest);
            if (at < 0) {
                return false;
            }
            rest.readerIndex(at + part.length());
        }
        return true;
    }

    private final class Reader extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (context.channel() != channel
                    || told == null
                    || !(message instanceof ByteBuf bytes)) {
                ReferenceCountUtil.release(message);
                return;
            }
            if (heard == null) {
                heard = context.alloc().buffer();
            }
            heard.writeBytes(bytes);
            bytes.release();
            if (contains(heard, question.receive())) {
                tell(Answer.PASSED);
            } else if (heard.readableBytes() > MAX_BYTES) {
                context.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (context.channel() == channel) {
                channel = null;
                tell(Answer.SILENT);
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
