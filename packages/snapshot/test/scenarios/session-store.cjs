'use strict';
class CartItem {
  constructor(id) {
    this.sku = `sku-${id}`;
    this.note = `note for item ${id}`;
  }
}
class Session {
  constructor(id) {
    this.id = `sess_${id}`;
    this.user = { id, email: `user${id}@example.com` };
    this.cart = [new CartItem(id), new CartItem(id + 1), new CartItem(id + 2)];
    this.flags = new Map([['seen', `v${id}`]]);
  }
}
const sessions = new Map();
exports.open = function open(id) {
  const session = new Session(id);
  sessions.set(session.id, session);
  return session;
};
exports.count = () => sessions.size;
