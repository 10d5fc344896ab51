// The part of PKCS #11 2.40 (OASIS) that finds an elliptic key in a token and signs with it. Modules are loaded while a
// program runs: nothing is linked. Functions that are not called stand as untyped pointers, in the order of the standard.
#ifndef MAXAI_PKCS11_H
#define MAXAI_PKCS11_H

typedef unsigned long CK_ULONG;

typedef struct {
  unsigned char major, minor;
} CK_VERSION;

typedef struct {
  unsigned char label[32], manufacturer[32], model[16], serial[16];
  CK_ULONG flags, numbers[10];
  CK_VERSION hardware, firmware;
  unsigned char time[16];
} CK_TOKEN_INFO;

typedef struct {
  CK_ULONG type;
  void *value;
  CK_ULONG count;
} CK_ATTRIBUTE;

typedef struct {
  CK_ULONG mechanism;
  void *parameter;
  CK_ULONG count;
} CK_MECHANISM;

typedef struct {
  CK_VERSION version;
  CK_ULONG (*C_Initialize)(void *arguments);
  void *C_Finalize, *C_GetInfo, *C_GetFunctionList;
  CK_ULONG (*C_GetSlotList)(unsigned char withToken, CK_ULONG *slots, CK_ULONG *count);
  void *C_GetSlotInfo;
  CK_ULONG (*C_GetTokenInfo)(CK_ULONG slot, CK_TOKEN_INFO *info);
  void *C_GetMechanismList, *C_GetMechanismInfo, *C_InitToken, *C_InitPIN, *C_SetPIN;
  CK_ULONG (*C_OpenSession)(CK_ULONG slot, CK_ULONG flags, void *application, void *notify, CK_ULONG *session);
  CK_ULONG (*C_CloseSession)(CK_ULONG session);
  void *C_CloseAllSessions, *C_GetSessionInfo, *C_GetOperationState, *C_SetOperationState;
  CK_ULONG (*C_Login)(CK_ULONG session, CK_ULONG user, unsigned char *pin, CK_ULONG count);
  void *C_Logout, *C_CreateObject, *C_CopyObject, *C_DestroyObject, *C_GetObjectSize;
  CK_ULONG (*C_GetAttributeValue)(CK_ULONG session, CK_ULONG object, CK_ATTRIBUTE *attributes, CK_ULONG count);
  void *C_SetAttributeValue;
  CK_ULONG (*C_FindObjectsInit)(CK_ULONG session, CK_ATTRIBUTE *attributes, CK_ULONG count);
  CK_ULONG (*C_FindObjects)(CK_ULONG session, CK_ULONG *objects, CK_ULONG limit, CK_ULONG *count);
  CK_ULONG (*C_FindObjectsFinal)(CK_ULONG session);
  void *C_EncryptInit, *C_Encrypt, *C_EncryptUpdate, *C_EncryptFinal;
  void *C_DecryptInit, *C_Decrypt, *C_DecryptUpdate, *C_DecryptFinal;
  void *C_DigestInit, *C_Digest, *C_DigestUpdate, *C_DigestKey, *C_DigestFinal;
  CK_ULONG (*C_SignInit)(CK_ULONG session, CK_MECHANISM *mechanism, CK_ULONG key);
  CK_ULONG (*C_Sign)(CK_ULONG session, unsigned char *data, CK_ULONG count, unsigned char *signature, CK_ULONG *signatureCount);
} CK_FUNCTION_LIST;

typedef CK_ULONG (*CK_GetFunctionList)(CK_FUNCTION_LIST **list);

enum {
  CKR_OK = 0,
  CKR_USER_ALREADY_LOGGED_IN = 0x100,
  CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191,
  CKU_USER = 1,
  CKF_SERIAL_SESSION = 4,
  CKO_PUBLIC_KEY = 2,
  CKO_PRIVATE_KEY = 3,
  CKK_EC = 3,
  CKA_CLASS = 0,
  CKA_LABEL = 3,
  CKA_KEY_TYPE = 0x100,
  CKA_ID = 0x102,
  CKA_EC_PARAMS = 0x180,
  CKA_EC_POINT = 0x181,
  CKM_ECDSA = 0x1041,
};

#endif
