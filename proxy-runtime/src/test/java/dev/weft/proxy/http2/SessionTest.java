package dev.weft.proxy.http2;

import static io.netty.handler.codec.http2.Http2CodecUtil.SETTINGS_HEADER_TABLE_SIZE;
import static io.netty.handler.codec.http2.Http2Flags.END_STREAM;
import static io.netty.handler.codec.http2.Http2FrameTypes.DATA;
import static io.netty.handler.codec.http2.Http2FrameTypes.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.http2.Stream.Ending;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.Http2Error;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A client's session and a server's, whose bytes are carried over by hand.
class SessionTest {
    private static final int MAX_HEADER_BYTES = 60 * 1024;
    private static final int MAX_FIELDS = 2000;
    private static final int WHOLE = Integer.MAX_VALUE;
    private static final int MAX_STREAMS = 12;

    private long now;
    private final Hearer clientHears = new Hearer();
    private final Hearer serverHears = new Hearer();
    private final Session client =
            Session.client(MAX_HEADER_BYTES, MAX_FIELDS, null, () -> now, clientHears);
    private final Session server =
            Session.server(MAX_HEADER_BYTES, MAX_FIELDS, MAX_STREAMS, null, serverHears);
    private final EmbeddedChannel clientChannel = new EmbeddedChannel(client);
    private final EmbeddedChannel serverChannel = new EmbeddedChannel(server);

    private final byte[] lastByte = new byte[1];

    SessionTest() {
        client.start();
        server.start();
        carry(WHOLE);
    }

    @AfterEach
    void close() {
        clientChannel.close();
        serverChannel.close();
        carry(WHOLE);
        for (var channel : List.of(clientChannel, serverChannel)) {
            // The session would wait for its streams.
            if (channel.isActive()) {
                channel.pipeline().firstContext().close();
            }
            channel.finishAndReleaseAll();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 100, WHOLE})
    void a_message_is_whole_however_its_bytes_are_cut(int cut) {
        var call = call(false);
        call.stream.writeBody(bytes(300));
        var trailers = new Fields().add("t", "v");
        call.stream.writeBody(
                new DefaultLastHttpContent(Unpooled.wrappedBuffer(new byte[20]), trailers));
        call.stream.flush();
        carry(cut);

        var heard = serverHears.only();
        assertThat((Object) heard.head().method).hasToString("POST");
        assertThat((Object) heard.head().authority).hasToString("web");
        assertThat(heard.head().fields.get("x")).isEqualTo("y");
        assertThat(heard.bytes).isEqualTo(320);
        assertThat(heard.trailers().get("t")).isEqualTo("v");
    }

    @Test
    void a_block_larger_than_a_frame_goes_in_parts() {
        var call = new Heard(client.open());
        call.stream.listen(call);
        var long1 = "a".repeat(20_000);
        call.stream.writeHead(request().add("long1", long1).add("long2", long1), true);
        call.stream.flush();
        carry(WHOLE);

        assertThat(serverHears.only().head().fields.get("long2")).isEqualTo(long1);
        assertThat(serverHears.only().last).isTrue();
    }

    @Test
    void a_head_larger_than_the_server_takes_is_not_sent() {
        // What is there besides: six fields of 32 bytes, and the letters of names and values.
        var most = MAX_HEADER_BYTES - 242;
        var tooLarge = call("long", most + 1);
        carry(WHOLE);
        assertThat(tooLarge.ended).isEqualTo(Ending.TOO_LARGE);
        assertThat(serverHears.heard).isEmpty();

        var large = call("long", most);
        carry(WHOLE);
        assertThat(large.ended).isNull();
        assertThat(serverHears.only().head().fields.get("long")).hasSize(most);
        assertThat(clientHears.open).isOne();
    }

    /// What the session's decoders keep is the usual, whatever their peers are told.
    @ParameterizedTest
    @ValueSource(longs = {0, 100, 4_096, 4_097, 0xffffffffL})
    void tables_of_headers_are_never_larger_than_usual(long most) {
        for (var channel : List.of(clientChannel, serverChannel)) {
            channel.writeInbound(tableBytes(most));
        }
        for (int i = 0; i < MAX_STREAMS; i++) {
            var value = Character.toString('A' + i).repeat(1_000);
            var call = call(request().add("z", value), true);
            carry(WHOLE);
            var heard = serverHears.heard.getLast();
            assertThat(heard.head().fields.get("z")).isEqualTo(value);

            var answer = ok();
            answer.headers().add("z", value);
            heard.stream.writeHead(answer, true);
            heard.stream.flush();
            carry(WHOLE);
            assertThat(call.head().fields.get("z")).isEqualTo(value);
        }
    }

    private static ByteBuf tableBytes(long most) {
        var settings = Unpooled.buffer();
        settings.writeMedium(6).writeByte(SETTINGS).writeByte(0).writeInt(0);
        return settings.writeShort(SETTINGS_HEADER_TABLE_SIZE).writeInt((int) most);
    }

    @Test
    void what_belongs_to_http_1_is_left_out() {
        var call = new Heard(client.open());
        call.stream.writeHead(
                request().add("Connection", "close").add("Transfer-Encoding", "chunked"), true);
        call.stream.flush();
        carry(WHOLE);

        var fields = serverHears.only().head().fields;
        assertThat(fields.names()).containsExactly("x");
    }

    @Test
    void a_stream_sends_no_more_than_its_window_and_goes_on_when_it_is_taken() {
        var call = call(false);
        carry(WHOLE);
        var heard = serverHears.only();
        heard.stream.pauseReading(true);
        for (int i = 0; i < 10; i++) {
            call.stream.writeBody(bytes(64 * 1024));
        }
        call.stream.flush();
        carry(WHOLE);

        assertThat(call.stream.isWritable()).isFalse();
        assertThat(heard.bytes).isZero();
        assertThat(call.stream.sendWindow).isZero();

        heard.stream.pauseReading(false);
        carry(WHOLE);

        assertThat(heard.bytes).isEqualTo(10 * 64 * 1024);
        assertThat(call.writable).isTrue();
        assertThat(call.stream.isWritable()).isTrue();
    }

    /// Were their bytes lost to the connection's window, it would be used up.
    @Test
    void streams_that_end_with_bytes_that_nobody_took_give_them_back() {
        for (int i = 0; i < 100; i++) {
            var call = call(false);
            carry(WHOLE);
            var heard = serverHears.heard.removeLast();
            heard.stream.pauseReading(true);
            call.stream.writeBody(bytes(Session.STREAM_WINDOW));
            call.stream.flush();
            carry(WHOLE);
            assertThat(call.stream.sendWindow).isZero();
            heard.stream.reset(Http2Error.CANCEL.code());
            carry(WHOLE);
            assertThat(call.ended).isEqualTo(Ending.RESET);
        }
        assertThat(clientHears.open).isZero();
        assertThat(serverHears.open).isZero();
    }

    @Test
    void streams_that_wait_for_the_connections_window_share_it() {
        var first = call(false);
        var second = call(false);
        carry(WHOLE);
        var heardFirst = serverHears.heard.get(0);
        var heardSecond = serverHears.heard.get(1);
        for (var i = 0; i < 80; i++) {
            first.stream.writeBody(bytes(64 * 1024));
            second.stream.writeBody(bytes(64 * 1024));
        }
        first.stream.writeBody(new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER));
        second.stream.writeBody(new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER));
        first.stream.flush();
        carry(WHOLE);

        assertThat(heardFirst.bytes).isEqualTo(80 * 64 * 1024);
        assertThat(heardSecond.bytes).isEqualTo(80 * 64 * 1024);
        assertThat(heardFirst.last).isTrue();
        assertThat(heardSecond.last).isTrue();
    }

    @Test
    void an_answer_that_waits_for_a_window_is_sent_before_the_rest_of_its_request_is_refused() {
        var call = call(false);
        carry(WHOLE);
        call.stream.pauseReading(true);
        var heard = serverHears.only();
        heard.stream.writeHead(ok(), false);
        heard.stream.writeBody(bytes(2 * Session.STREAM_WINDOW));
        heard.stream.writeBody(new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER));
        heard.stream.refuseRest();
        heard.stream.flush();
        carry(WHOLE);
        assertThat(call.ended).isNull();

        call.stream.pauseReading(false);
        carry(WHOLE);

        assertThat(call.bytes).isEqualTo(2 * Session.STREAM_WINDOW);
        assertThat(call.last).isTrue();
        assertThat(call.stream.closed).isTrue();
    }

    @Test
    void an_answer_that_has_come_survives_its_connection() {
        var call = call(true);
        carry(WHOLE);
        call.stream.pauseReading(true);
        var heard = serverHears.only();
        heard.stream.writeHead(ok(), false);
        heard.stream.writeBody(bytes(10));
        heard.stream.writeBody(new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER));
        heard.stream.flush();
        carry(WHOLE);
        clientChannel.close();
        carry(WHOLE);
        clientChannel.disconnect();

        call.stream.pauseReading(false);

        assertThat(call.bytes).isEqualTo(10);
        assertThat(call.last).isTrue();
        assertThat(call.ended).isNull();
    }

    @Test
    void one_stream_too_many_is_refused() {
        var calls = new ArrayList<Heard>();
        for (int i = 0; i <= MAX_STREAMS; i++) {
            calls.add(call(false));
        }
        carry(WHOLE);

        assertThat(serverHears.open).isEqualTo(MAX_STREAMS);
        assertThat(calls.getLast().ended).isEqualTo(Ending.REFUSED);
        assertThat(calls.getFirst().ended).isNull();
    }

    @Test
    void streams_that_a_goaway_does_not_take_are_refused_and_the_others_go_on() {
        var taken = call(true);
        carry(WHOLE);
        var late = call(true);
        clientChannel.runPendingTasks();
        server.refuseStreams();
        carry(WHOLE);
        var heard = serverHears.heard.getFirst();
        heard.stream.writeHead(ok(), true);
        heard.stream.flush();
        carry(WHOLE);

        assertThat(late.ended).isEqualTo(Ending.REFUSED);
        assertThat(taken.last).isTrue();
        assertThat(serverHears.heard).hasSize(1);
        var after = call(true);
        clientChannel.runPendingTasks();
        assertThat(after.ended).isEqualTo(Ending.REFUSED);
    }

    @Test
    void closing_waits_for_the_streams() {
        var call = call(true);
        carry(WHOLE);
        serverChannel.close();
        carry(WHOLE);
        assertThat(serverChannel.isOpen()).isTrue();

        serverHears.only().stream.writeHead(ok(), true);
        serverHears.only().stream.flush();
        carry(WHOLE);

        assertThat(call.last).isTrue();
        assertThat(serverChannel.isOpen()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 100, WHOLE})
    void a_head_has_its_time_until_its_last_byte_however_its_bytes_are_cut(int cut) {
        headsMayTakeASecond();
        carryAllButOneByte(longCall(), cut);
        pass(Duration.ofMillis(999));
        serverChannel.writeInbound(Unpooled.copiedBuffer(lastByte));
        pass(Duration.ofHours(1));
        assertThat(serverHears.late).isZero();
        assertThat(serverHears.only().last).isTrue();

        carryAllButOneByte(longCall(), cut);
        pass(Duration.ofMillis(999));
        assertThat(serverHears.late).isZero();
        pass(Duration.ofMillis(1));
        assertThat(serverHears.late).isOne();
        assertThat(serverHears.heard).hasSize(1);
    }

    @Test
    void a_late_head_costs_the_connection_when_what_is_under_way_has_ended() {
        headsMayTakeASecond();
        var early = call(true);
        carry(WHOLE);
        var late = longCall();
        carryAllButOneByte(late, WHOLE);
        pass(Duration.ofSeconds(1));
        carry(WHOLE);

        assertThat((Object) late.head().status).hasToString("408");
        assertThat(late.last).isTrue();
        assertThat(serverChannel.isOpen()).isTrue();

        serverChannel.writeInbound(Unpooled.copiedBuffer(lastByte));
        var heard = serverHears.only();
        heard.stream.writeHead(ok(), true);
        heard.stream.flush();
        carry(WHOLE);

        assertThat(early.last).isTrue();
        assertThat(serverHears.late).isOne();
        assertThat(serverChannel.isOpen()).isFalse();
    }

    @Test
    void trailers_are_no_head() {
        headsMayTakeASecond();
        var call = call(false);
        carry(WHOLE);
        call.stream.writeBody(
                new DefaultLastHttpContent(
                        Unpooled.EMPTY_BUFFER, new Fields().add("t", "a".repeat(100))));
        carryAllButOneByte(call, WHOLE);

        pass(Duration.ofHours(1));

        assertThat(serverHears.late).isZero();
        assertThat(serverChannel.isOpen()).isTrue();
    }

    @Test
    void streams_that_nobody_takes_leave_a_window_to_the_others() {
        for (int i = 0; i < 9; i++) {
            var stuck = call(false);
            carry(WHOLE);
            serverHears.heard.getLast().stream.pauseReading(true);
            stuck.stream.writeBody(bytes(Session.STREAM_WINDOW));
            stuck.stream.flush();
            carry(WHOLE);
        }
        assertThat(server.isCongested()).isTrue();

        var other = call(false);
        for (int i = 0; i < 128; i++) {
            other.stream.writeBody(bytes(64 * 1024));
        }
        other.stream.flush();
        carry(WHOLE);

        assertThat(serverHears.heard.getLast().bytes).isEqualTo(2 * ReceiveWindow.BYTES);
        serverHears.heard.forEach(heard -> heard.stream.pauseReading(false));
        carry(WHOLE);
        assertThat(server.isCongested()).isFalse();
    }

    @Test
    void a_body_goes_through_while_memory_stays_short() {
        serverHears.windowShare = 0;
        var call = call(false);
        for (int i = 0; i < 256; i++) {
            call.stream.writeBody(bytes(64 * 1024));
        }
        call.stream.flush();
        carry(WHOLE);

        assertThat(serverHears.only().bytes).isEqualTo(4 * ReceiveWindow.BYTES);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void a_listener_that_fails_costs_its_stream_only(boolean atHead) {
        serverHears.failing = atHead ? Heard.HEAD : Heard.BODY;
        var unlucky = call(false);
        carry(WHOLE);
        serverHears.failing = "";
        unlucky.stream.writeBody(bytes(10));
        unlucky.stream.flush();
        carry(WHOLE);
        var other = call(true);
        carry(WHOLE);

        assertThat(unlucky.ended).isEqualTo(Ending.RESET);
        assertThat(serverHears.heard.getFirst().ended).isEqualTo(Ending.RESET);
        assertThat(other.ended).isNull();
        assertThat(serverHears.heard.getLast().last).isTrue();
        assertThat(serverHears.open).isOne();
    }

    /// Clients that know how to provoke them must not end it for others.
    @Test
    void answers_that_are_malformed_do_not_cost_an_endpoints_connection() {
        var other = call(false);
        carry(WHOLE);
        for (int i = 0; i < 2 * FloodGate.MAX_PROVOKED; i++) {
            var call = call(true);
            carry(WHOLE);
            clientChannel.writeInbound(dataBeforeHead(call.stream.id));
            assertThat(call.ended).isEqualTo(Ending.MALFORMED);
            serverHears.heard.getLast().stream.reset(Http2Error.CANCEL.code());
            carry(WHOLE);
        }

        assertThat(other.ended).isNull();
        assertThat(clientChannel.isActive()).isTrue();
    }

    private static ByteBuf dataBeforeHead(int stream) {
        var data = Unpooled.buffer();
        return data.writeMedium(0).writeByte(DATA).writeByte(END_STREAM).writeInt(stream);
    }

    private void headsMayTakeASecond() {
        serverChannel.freezeTime();
        serverHears.longestHead = Duration.ofSeconds(1);
    }

    private Heard call(String name, int length) {
        return call(request().add(name, "a".repeat(length)), true);
    }

    private Heard longCall() {
        var call = new Heard(client.open());
        call.stream.listen(call);
        var long1 = "a".repeat(20_000);
        call.stream.writeHead(request().add("long1", long1).add("long2", long1), true);
        return call;
    }

    /// [#lastByte] is kept.
    private void carryAllButOneByte(Heard call, int cut) {
        call.stream.flush();
        clientChannel.runPendingTasks();
        var all = Unpooled.buffer();
        for (ByteBuf out; (out = clientChannel.readOutbound()) != null; ) {
            all.writeBytes(out);
            out.release();
        }
        while (all.readableBytes() > 1) {
            serverChannel.writeInbound(all.readBytes(Math.min(cut, all.readableBytes() - 1)));
        }
        lastByte[0] = all.readByte();
    }

    @Test
    void the_owner_is_told_when_resets_that_waited_have_gone_out() {
        resets(PacedResets.PER_WINDOW + 1);
        assertThat(client.unknownResets()).isEqualTo(1);
        assertThat(serverHears.open).isEqualTo(1);
        assertThat(clientHears.roomier).isZero();

        now += PacedResets.WINDOW.toNanos();
        clientChannel.advanceTimeBy(PacedResets.WINDOW.toNanos(), TimeUnit.NANOSECONDS);
        clientChannel.runScheduledPendingTasks();

        assertThat(client.unknownResets()).isZero();
        assertThat(clientHears.roomier).isEqualTo(1);
        carry(WHOLE);
        assertThat(serverHears.open).isZero();
    }

    @Test
    void so_it_is_when_they_need_not_go_out() {
        resets(PacedResets.PER_WINDOW + 3);

        var left = serverHears.heard.subList(PacedResets.PER_WINDOW, PacedResets.PER_WINDOW + 3);
        left.get(0).stream.writeHead(ok(), true);
        left.get(0).stream.reset(Http2Error.NO_ERROR.code());
        left.get(1).stream.writeHead(ok(), false);
        left.get(1).stream.writeBody(LastHttpContent.EMPTY_LAST_CONTENT);
        left.get(2).stream.reset(Http2Error.CANCEL.code());
        left.forEach(it -> it.stream.flush());
        carry(WHOLE);

        assertThat(client.unknownResets()).isZero();
        assertThat(clientHears.roomier).isEqualTo(3);
    }

    private void resets(int count) {
        for (int i = 0; i < count; i++) {
            var call = call(false);
            carry(WHOLE);
            call.stream.reset(Http2Error.CANCEL.code());
            carry(WHOLE);
        }
    }

    private void pass(Duration time) {
        serverChannel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        serverChannel.runScheduledPendingTasks();
    }

    private Heard call(boolean last) {
        return call(request(), last);
    }

    private Heard call(Request head, boolean last) {
        var call = new Heard(client.open());
        call.stream.listen(call);
        clientHears.open++;
        call.stream.writeHead(head, last);
        call.stream.flush();
        return call;
    }

    private static Request request() {
        return new Request();
    }

    private static final class Request extends DefaultHttpRequest {
        Request() {
            super(HttpVersion.HTTP_1_1, HttpMethod.POST, "/a?b", new Fields());
            add("Host", "web").add("X", "y");
        }

        Request add(String name, String value) {
            headers().add(name, value);
            return this;
        }
    }

    private static DefaultHttpResponse ok() {
        return new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, new Fields());
    }

    private static HttpContent bytes(int count) {
        return new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[count]));
    }

    /// Until neither has anything to say.
    private void carry(int cut) {
        for (var quiet = false; !quiet; ) {
            quiet = !carry(clientChannel, serverChannel, cut);
            quiet &= !carry(serverChannel, clientChannel, cut);
        }
    }

    private static boolean carry(EmbeddedChannel from, EmbeddedChannel to, int cut) {
        from.runPendingTasks();
        var any = false;
        for (ByteBuf out; (out = from.readOutbound()) != null; any = true) {
            while (out.isReadable() && to.isOpen()) {
                to.writeInbound(out.readRetainedSlice(Math.min(cut, out.readableBytes())));
            }
            out.release();
        }
        return any;
    }

    private static final class Hearer implements Session.Owner {
        final List<Heard> heard = new ArrayList<>();
        Duration longestHead = Duration.ZERO;
        String failing = "";
        double windowShare = 1;
        int open;
        int late;
        int roomier;

        Heard only() {
            assertThat(heard).hasSize(1);
            return heard.getFirst();
        }

        @Override
        public Stream.Listener opened(Stream stream) {
            open++;
            heard.add(new Heard(stream));
            heard.getLast().failing = failing;
            return heard.getLast();
        }

        @Override
        public void closed(Stream stream) {
            open--;
        }

        @Override
        public Duration longestHead() {
            return longestHead;
        }

        @Override
        public double windowShare() {
            return windowShare;
        }

        @Override
        public void late() {
            late++;
        }

        @Override
        public void roomier() {
            roomier++;
        }
    }

    private static final class Heard implements Stream.Listener {
        static final String HEAD = "head";
        static final String BODY = "body";

        final Stream stream;
        String failing = "";
        @Nullable HeaderBlock head;
        @Nullable HttpHeaders trailers;
        @Nullable Ending ended;
        int bytes;
        boolean last;
        boolean writable;

        Heard(Stream stream) {
            this.stream = stream;
        }

        HeaderBlock head() {
            return Objects.requireNonNull(head);
        }

        HttpHeaders trailers() {
            return Objects.requireNonNull(trailers);
        }

        @Override
        public void head(HeaderBlock block, boolean end) {
            if (failing.equals(HEAD)) {
                throw new IllegalStateException("as the test wants it");
            }
            head = block;
            last = end;
        }

        @Override
        public void body(HttpContent part) {
            bytes += part.content().readableBytes();
            if (part instanceof LastHttpContent end) {
                last = true;
                trailers = end.trailingHeaders();
            }
            part.release();
            if (failing.equals(BODY)) {
                throw new IllegalStateException("as the test wants it");
            }
        }

        @Override
        public void writable() {
            writable = true;
        }

        @Override
        public void ended(Ending how) {
            ended = how;
        }
    }
}
