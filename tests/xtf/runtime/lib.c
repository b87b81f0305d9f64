/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lib.c: strings and formatting.
 */

#include <xtf.h>

void *memset(void *dst, int c, size_t n)
{
    void *ret = dst;

    asm volatile ( "rep stosb" : "+D" (dst), "+c" (n) : "a" (c) : "memory" );

    return ret;
}

void *memcpy(void *dst, const void *src, size_t n)
{
    void *ret = dst;

    asm volatile ( "rep movsb" : "+D" (dst), "+S" (src), "+c" (n)
                   :: "memory" );

    return ret;
}

int memcmp(const void *s1, const void *s2, size_t n)
{
    const uint8_t *a = s1, *b = s2;

    for ( ; n; n--, a++, b++ )
        if ( *a != *b )
            return *a - *b;

    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while ( s[n] )
        n++;

    return n;
}

/* Where formatted text goes; len counts what did not fit as well. */
struct out {
    char *buf;
    size_t size, len;
};

static void put(struct out *o, char c)
{
    if ( o->len + 1 < o->size )
        o->buf[o->len] = c;
    o->len++;
}

static void pad(struct out *o, char c, int n)
{
    while ( n-- > 0 )
        put(o, c);
}

struct spec {
    bool left, zero, alt, plus;
    int width, prec;
};

static void put_field(struct out *o, const struct spec *s,
                      const char *prefix, const char *body, int len)
{
    int fill = s->width - len - (int)strlen(prefix);

    if ( !s->left && !s->zero )
        pad(o, ' ', fill);
    while ( *prefix )
        put(o, *prefix++);
    if ( !s->left && s->zero )
        pad(o, '0', fill);
    while ( len-- > 0 )
        put(o, *body++);
    if ( s->left )
        pad(o, ' ', fill);
}

static void put_number(struct out *o, const struct spec *s, uint64_t val,
                       unsigned int base, bool negative, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    const char *prefix = negative ? "-" : s->plus ? "+" : "";
    char buf[24], *p = buf + sizeof(buf);

    if ( s->alt && base == 16 && val )
        prefix = upper ? "0X" : "0x";

    do
    {
        *--p = digits[val % base];
        val /= base;
    } while ( val );

    put_field(o, s, prefix, p, buf + sizeof(buf) - p);
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
    struct out o = { .buf = buf, .size = size };

    for ( ; *fmt; fmt++ )
    {
        struct spec s = { .prec = -1 };
        unsigned int longs = 0;
        bool flags = true;

        if ( *fmt != '%' )
        {
            put(&o, *fmt);
            continue;
        }

        while ( flags )
            switch ( *++fmt )
            {
            case '-': s.left = true; break;
            case '0': s.zero = true; break;
            case '#': s.alt = true;  break;
            case '+': s.plus = true; break;
            default:  flags = false; break;
            }

        if ( *fmt == '*' )
        {
            s.width = va_arg(args, int);
            fmt++;
        }
        else
            for ( ; *fmt >= '0' && *fmt <= '9'; fmt++ )
                s.width = s.width * 10 + *fmt - '0';

        if ( *fmt == '.' )
        {
            s.prec = 0;
            if ( *++fmt == '*' )
            {
                s.prec = va_arg(args, int);
                fmt++;
            }
            else
                for ( ; *fmt >= '0' && *fmt <= '9'; fmt++ )
                    s.prec = s.prec * 10 + *fmt - '0';
        }

        for ( ; *fmt == 'l' || *fmt == 'z' || *fmt == 'h'; fmt++ )
            longs += *fmt != 'h';

        switch ( *fmt )
        {
        case 'c':
        {
            char c = va_arg(args, int);

            put_field(&o, &s, "", &c, 1);
            break;
        }

        case 's':
        {
            const char *str = va_arg(args, const char *);
            int len = 0;

            if ( !str )
                str = "(null)";
            while ( str[len] && (s.prec < 0 || len < s.prec) )
                len++;
            put_field(&o, &s, "", str, len);
            break;
        }

        case 'd': case 'i':
        {
            int64_t val = longs ? va_arg(args, long) : va_arg(args, int);

            put_number(&o, &s, val < 0 ? -(uint64_t)val : (uint64_t)val,
                       10, val < 0, false);
            break;
        }

        case 'u': case 'x': case 'X': case 'o':
            put_number(&o, &s,
                       longs ? va_arg(args, unsigned long)
                             : va_arg(args, unsigned int),
                       *fmt == 'u' ? 10 : *fmt == 'o' ? 8 : 16, false,
                       *fmt == 'X');
            break;

        case 'p':
            s.width = 16;
            s.zero = true;
            put_number(&o, &s, _u(va_arg(args, void *)), 16, false, false);
            break;

        case '\0':
            fmt--;
            break;

        default:
            put(&o, *fmt);
            break;
        }
    }

    if ( size )
        buf[min(o.len, size - 1)] = '\0';

    return o.len;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list args;
    int rc;

    va_start(args, fmt);
    rc = vsnprintf(buf, size, fmt, args);
    va_end(args);

    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
