DROP TABLE account_wechat;
