// What the back office says.
import { texts } from "~/i18n";

const en = {
  title: "Back office", key: "Admin key", keyHint: "It stays in this tab until you sign out or close it.",
  signIn: "Sign in", signOut: "Sign out", refused: "This key is not an admin key.", shop: "To the shop", overview: "Overview", pages: "Pages of the back office",
};
const zh: typeof en = {
  title: "后台", key: "管理密钥", keyHint: "只保存在这个标签页，退出或关闭后即删除。",
  signIn: "登录", signOut: "退出", refused: "这不是管理密钥。", shop: "前往商店", overview: "概览", pages: "后台页面",
};
export const say = texts({ en, zh });
