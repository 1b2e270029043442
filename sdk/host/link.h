/** A client's connection and one to the server, joined: what comes from one goes to the other. */
#ifndef WEFT_HOST_LINK_H
#define WEFT_HOST_LINK_H

#include <stdbool.h>
#include <stdint.h>

struct link;

/** @returns a connection to the server's port at that family's address of the machine itself, perhaps not there yet; negative: refused at once */
int server_connect(unsigned port, int family);

/**
 * Joins the client with the server; what becomes of it is told by `epoll`, with what `link_told` takes.
 * @returns NULL when it cannot; the client is closed then
 */
struct link *link_open(int epoll, int client, unsigned port);
/** Takes what epoll said, and passes on what there is. @returns the link */
struct link *link_told(void *end, uint32_t events);
/** All that the server said, and will say, has reached the client's socket. */
bool link_answered(const struct link *);
/** Nothing more will be passed on: to be closed. */
bool link_over(const struct link *);
void link_close(struct link *);

#endif
