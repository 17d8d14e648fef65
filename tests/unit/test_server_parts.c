/* Answers in parts, and routes by HTTP's own rules. */
#include "server_fixture.h"

static const char parts_request[] = "GET /parts HTTP/1.1\r\n\r\n";
static const char first_part[] = "HTTP/1.1 200 OK\r\nconnection: close\r\n"
                                 "content-type: text/event-stream\r\n\r\nfirst";

static HttpExchange *parked(Fixture *fixture)
{
    net_signal_wait(&fixture->entered, 1);
    g_mutex_lock(&fixture->lock);
    HttpExchange *exchange = g_ptr_array_index(fixture->parked, 0);
    g_mutex_unlock(&fixture->lock);
    return exchange;
}

static void test_in_order(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autofree char *answer = talk_once(&fixture, parts_request);
    const char *body = strstr(answer, "\r\n\r\n") + 4;
    g_assert_cmpuint(strspn(body, "a"), ==, PART_SIZE);
    g_assert_cmpuint(strspn(body + PART_SIZE, "b"), ==, PART_SIZE);
    g_assert_cmpuint(strlen(body), ==, PART_COUNT * PART_SIZE);
    fixture_clear(&fixture);
}

/* Whoever is told the length can ask something else over the same connection. */
static void test_known_length(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    g_autofree char *request = g_strdup_printf(
        "GET /parts?length=%d HTTP/1.1\r\n\r\nGET /plain/status?code=404 HTTP/1.1\r\n\r\n",
        PART_COUNT * PART_SIZE);
    g_autofree char *head = g_strdup_printf("HTTP/1.1 200 OK\r\ncontent-length: %d\r\n"
                                            "connection: keep-alive\r\n"
                                            "content-type: text/event-stream\r\n\r\n",
                                            PART_COUNT * PART_SIZE);
    g_autofree char *body = g_malloc(PART_COUNT * PART_SIZE + 1);
    for (unsigned i = 0; i < PART_COUNT; i++) {
        memset(body + i * PART_SIZE, 'a' + (char)i, PART_SIZE);
    }
    body[PART_COUNT * PART_SIZE] = '\0';
    net_send(stream, request);
    net_expect(stream, head);
    net_expect(stream, body);
    net_expect(stream, "HTTP/1.1 404 Not Found\r\n");
    fixture_clear(&fixture);
}

/* An answer that is not as long as it was to be ends with the connection. */
static void test_wrong_length(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autofree char *request =
        g_strdup_printf("GET /parts?length=%d HTTP/1.1\r\n\r\n", PART_COUNT * PART_SIZE + 1);
    g_autofree char *answer = talk_once(&fixture, request);
    g_assert_cmpuint(strlen(strstr(answer, "\r\n\r\n") + 4), ==, PART_COUNT * PART_SIZE);
    fixture_clear(&fixture);
}

/* The second part is not made before the first is on its way. */
static void test_reader_sets_the_pace(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    Stream *stream = net_connect(fixture.port, NULL);
    net_send(stream, parts_request);
    net_signal_wait(&fixture.entered, 1);
    wait_for_workers(&fixture);
    g_assert_cmpuint(fixture.entered.count, ==, 1);
    stream_free(stream);
    net_signal_wait(&fixture.gone, 1);
    fixture_clear(&fixture);
}

static void test_stop_amid_a_part(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    net_send(stream, parts_request);
    net_signal_wait(&fixture.entered, 1);
    http_server_stop(fixture.server);
    net_signal_wait(&fixture.gone, 1);
    fixture_clear(&fixture);
}

static void test_stuck_reader(void)
{
    const HttpServerConfig config = {.write_timeout = 20 * USEC_PER_MSEC};
    Fixture fixture;
    fixture_init(&fixture, &config, NULL);
    g_autoptr(Stream) stuck = net_connect(fixture.port, NULL);
    net_send(stuck, parts_request);
    net_signal_wait(&fixture.gone, 1);
    fixture_clear(&fixture);
}

static void test_park_between_parts(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    net_send(stream, "GET /part-and-park HTTP/1.1\r\n\r\n");
    net_expect(stream, first_part);
    http_send_last_part(parked(&fixture), g_string_new("last"));
    net_expect(stream, "last");
    net_expect_end(stream);
    fixture_clear(&fixture);
}

static void test_gone_while_parked(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    Stream *stream = net_connect(fixture.port, NULL);
    net_send(stream, "GET /part-and-park HTTP/1.1\r\n\r\n");
    net_expect(stream, first_part);
    HttpExchange *exchange = parked(&fixture);
    stream_free(stream);
    net_signal_wait(&fixture.gone, 1);
    g_assert_false(http_send_part(exchange, g_string_new("late"), handle_park, NULL, &fixture));
    g_assert_cmpuint(http_server_stats(fixture.server).parked, ==, 0);
    fixture_clear(&fixture);
}

static void test_http_rules(void)
{
    Fixture fixture;
    fixture_init(&fixture, &plain_config, NULL);
    g_autoptr(Stream) stream = net_connect(fixture.port, NULL);
    net_send(stream, "GET /plain/status?code=404 HTTP/1.1\r\n\r\n");
    net_expect(stream,
               "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\nconnection: keep-alive\r\n\r\ntext");
    net_send(stream, "POST /plain HTTP/1.1\r\n\r\n");
    net_expect(stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n"
                       "content-type: text/plain\r\n\r\n");
    g_autofree char *long_body =
        talk_once(&fixture, "POST /plain HTTP/1.1\r\nContent-Length: 1001\r\n\r\n");
    g_assert_true(g_str_has_prefix(long_body, "HTTP/1.1 413 Content Too Large\r\n"));
    g_autofree char *chunks =
        talk_once(&fixture, "POST /plain HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    g_assert_true(g_str_has_prefix(chunks, "HTTP/1.1 411 Length Required\r\n"));
    fixture_clear(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/server-parts/in-order", test_in_order);
    g_test_add_func("/server-parts/known-length", test_known_length);
    g_test_add_func("/server-parts/wrong-length", test_wrong_length);
    g_test_add_func("/server-parts/reader-sets-the-pace", test_reader_sets_the_pace);
    g_test_add_func("/server-parts/stop-amid-a-part", test_stop_amid_a_part);
    g_test_add_func("/server-parts/stuck-reader", test_stuck_reader);
    g_test_add_func("/server-parts/park-between-parts", test_park_between_parts);
    g_test_add_func("/server-parts/gone-while-parked", test_gone_while_parked);
    g_test_add_func("/server-parts/http-rules", test_http_rules);
    return g_test_run();
}
