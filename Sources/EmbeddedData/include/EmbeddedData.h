#ifndef EMBEDDED_DATA_H
#define EMBEDDED_DATA_H
#endif
