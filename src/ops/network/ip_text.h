/* Internet addresses as clients write them.  Pure. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>

/* `family` is AF_INET, AF_INET6, or AF_UNSPEC for either. */
bool ip_text_is_address(int family, const char *text);

/* "10.0.0.1/24", "2001:db8::1/64". `ret_address` has room for INET6_ADDRSTRLEN. */
bool ip_text_parse_cidr(int family, const char *text, char *ret_address, unsigned *ret_prefix);

/* "255.255.0.0" to 16; false for what is no netmask: ones, and then only zeros. */
bool ip_text_parse_netmask(const char *text, unsigned *ret_prefix);
const char *ip_text_format_netmask(unsigned prefix, char text[INET_ADDRSTRLEN]);
