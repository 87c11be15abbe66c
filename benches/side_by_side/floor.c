/* The floor: the two requests of an AppRole lookup, written to a socket, and nothing else.
 *
 *     floor HOST PORT ROLE_ID SECRET_ID PATH
 *
 * logs in at a Vault over http, reads PATH, and prints its `conn_uri`. It sends the headers that secretctl sends. It checks nothing that a
 * program for people must check: it shows the time that the system, the socket and the server take. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char answer[1 << 16];

static void fail(const char *what) {
    fprintf(stderr, "floor: %s\n", what);
    exit(1);
}

/* Sends a request, and returns the body of the answer. */
static char *ask(int server, const char *request, int length) {
    size_t have = 0;
    char *body = NULL;
    if (length < 0 || write(server, request, length) != length)
        fail("the request was not sent");
    for (;;) {
        ssize_t got = read(server, answer + have, sizeof answer - 1 - have);
        if (got <= 0)
            fail("the answer ended too early");
        have += got;
        answer[have] = '\0';
        if (!body) {
            if (!(body = strstr(answer, "\r\n\r\n")))
                continue;
            body += 4;
        }
        char *header = strcasestr(answer, "\r\nContent-Length:");
        if (!header || header > body)
            fail("the answer has no length");
        if (have >= (size_t)(body - answer) + strtoul(header + 17, NULL, 10))
            break;
    }
    if (strncmp(answer, "HTTP/1.1 200 ", 13))
        fail("the answer is an error");
    return body;
}

/* Returns the text after `key`, ended at its quote. */
static char *text(char *body, const char *key) {
    char *start = strstr(body, key);
    if (!start)
        fail("the answer has no value");
    start += strlen(key);
    char *end = strchr(start, '"');
    if (!end)
        fail("the value has no end");
    *end = '\0';
    return start;
}

int main(int count, char **words) {
    static char request[1 << 13], login[1 << 11], token[1 << 10];
    if (count != 6)
        fail("HOST PORT ROLE_ID SECRET_ID PATH are needed");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
    if (inet_pton(AF_INET, words[1], &address.sin_addr) != 1)
        fail("HOST is not an IPv4 address");
    int server = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || connect(server, (struct sockaddr *)&address, sizeof address))
        fail("no connection");

    int length = snprintf(login, sizeof login, "{\"role_id\": \"%s\", \"secret_id\": \"%s\"}", words[3], words[4]);
    length = snprintf(request, sizeof request,
                      "POST /v1/auth/approle/login HTTP/1.1\r\nhost: %s:%s\r\nuser-agent: floor\r\naccept: */*\r\n"
                      "accept-encoding: gzip, deflate\r\nx-vault-request: true\r\ncontent-length: %d\r\n\r\n%s",
                      words[1], words[2], length, login);
    snprintf(token, sizeof token, "%s", text(ask(server, request, length), "\"client_token\":\""));
    length = snprintf(request, sizeof request,
                      "GET %s HTTP/1.1\r\nhost: %s:%s\r\nuser-agent: floor\r\naccept: */*\r\n"
                      "accept-encoding: gzip, deflate\r\nx-vault-request: true\r\nx-vault-token: %s\r\n\r\n",
                      words[5], words[1], words[2], token);
    puts(text(ask(server, request, length), "\"conn_uri\":\""));
    return 0;
}
